import { isOfficialSyntax } from '../../../../../buildpacks/dockerfile/syntax.js';

/** `# syntax=docker/dockerfile:1.7`: comments before the first instruction may be directives. */
const SYNTAX = /^#[ \t]*syntax[ \t]*=[ \t]*(\S+)[ \t]*\r?$/im;

/**
 * What to give to the builder, in the order to try. Docker's own syntax is in every engine: to fetch it on each machine and
 * each build anew costs time, and is impossible without a registry. So the line is left out, and stands only where the
 * engine's version cannot read the file. The lines keep their numbers.
 */
export function attemptsOf(dockerfile: string): readonly [string, ...string[]] {
  const [head = ''] = /^(?:[ \t]*(?:#.*)?\r?\n)*(?:#.*)?/.exec(dockerfile.replace(/^\uFEFF/, '')) ?? [];
  const image = SYNTAX.exec(head)?.[1];
  if (image === undefined || !isOfficialSyntax(image)) return [dockerfile];
  return [dockerfile.replace(SYNTAX, '#'), dockerfile];
}
