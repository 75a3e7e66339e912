import type { BuildOutput } from '../engine.js';

/** A line of a program that may speak in Heroku's build output itself: its arrows and indents are ours then. */
export function heard(output: BuildOutput, line: string): void {
  const [, step] = /^-----> ?(.*)$/.exec(line) ?? [];
  const [, warning] = /^ ! {1,5}(.*)$/.exec(line) ?? [];
  if (step !== undefined) output.step(step);
  else if (warning !== undefined) output.warning(warning);
  else output.detail(line.replace(/^ {7}/, ''));
}
