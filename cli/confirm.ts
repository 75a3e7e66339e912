import { createInterface } from 'node:readline/promises';
import type { Context } from './context.js';
import { UsageError } from './errors.js';
import { visible } from './output/sanitise.js';

export interface Loss {
  /** The name that must be typed. */
  readonly name: string;
  /** What will be lost, one sentence a line. */
  readonly lost: readonly string[];
  /** How to say yes without being asked. */
  readonly command: string;
}

/** Shows what will be lost, and goes on only when the name was given by `--confirm` or is typed now. */
export async function confirmLoss(context: Context, given: string | undefined, loss: Loss): Promise<void> {
  if (given === loss.name) return;
  if (given !== undefined) {
    throw new UsageError(
      `--confirm ${given} does not name ${loss.name}: nothing was done.`,
      `Type: ${loss.command}`,
    );
  }
  for (const line of loss.lost) context.output.warn(line);
  if (!context.stdin.isTTY)
    throw new UsageError('This must be confirmed: nothing was done.', `Type: ${loss.command}`);
  const typed = await ask(context, `To go on, type ${visible(loss.name)}: `);
  if (typed !== loss.name) throw new UsageError(`That is not ${loss.name}: nothing was done.`);
}

export async function ask(context: Context, question: string): Promise<string> {
  const reader = createInterface({ input: context.stdin, output: process.stderr });
  try {
    return (await reader.question(question)).trim();
  } finally {
    reader.close();
  }
}
