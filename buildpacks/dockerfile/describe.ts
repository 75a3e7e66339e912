import type { Instruction } from 'dockerfile-ast';
import { shellLine } from './shell-line.js';
import { basesOf, lineage, lineOf, targetStage, type ParsedDockerfile, type Stage } from './stages.js';
import { isOfficialSyntax } from './syntax.js';

/** What a plan says of one image that a Dockerfile makes. */
export interface DescribedImage {
  readonly bases: readonly string[];
  /** What ENTRYPOINT and CMD of the Dockerfile itself run; null where it leaves that to its base image. */
  readonly command: string | null;
  /** Each with the line it is about. */
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** Throws a PlanError where there is no such stage. */
export function describeImage(dockerfile: ParsedDockerfile, target: string | null): DescribedImage {
  const { stages, path } = dockerfile;
  const stage = targetStage(dockerfile, target);
  const line = lineage(stages, stage);
  const bases = basesOf(stages, stage);
  return {
    bases,
    command: commandOf(line),
    warnings: [...syntaxWarning(dockerfile), ...rootWarning(line, path)],
    notes: [...(bases.length === 0 ? [] : [`Based on ${bases.join(', ')}`]), ...healthcheckNote(line, path)],
  };
}

/** The last of a keyword that holds for the image: in the stage itself, else in what it goes on from. */
function lastOf(line: readonly Stage[], keyword: string): Instruction | undefined {
  for (const { instructions } of line) {
    const found = instructions.findLast((instruction) => instruction.getKeyword() === keyword);
    if (found) return found;
  }
  return undefined;
}

function commandOf(line: readonly Stage[]): string | null {
  const entrypoint = lastOf(line, 'ENTRYPOINT');
  const command = lastOf(line, 'CMD');
  const words = [entrypoint, command].flatMap((instruction) => (instruction ? [lineFor(instruction)] : []));
  return words.length === 0 ? null : words.join(' ');
}

/** `["node", "a.js"]` as a line of shell; the shell's own form as it is written. */
function lineFor(instruction: Instruction): string {
  const written = instruction.getArgumentsContent() ?? '';
  try {
    const words: unknown = JSON.parse(written);
    if (Array.isArray(words)) return shellLine(words.map(String));
  } catch {
    // The shell's form.
  }
  return written.replace(/\s+/g, ' ').trim();
}

function syntaxWarning({ syntax, path }: ParsedDockerfile): string[] {
  if (syntax === null || !isOfficialSyntax(syntax.image)) return [];
  return [
    `${path} line ${syntax.line}: the engine's own builder is used; ${syntax.image} is fetched only if that cannot read the file`,
  ];
}

function rootWarning(line: readonly Stage[], path: string): string[] {
  const user = lastOf(line, 'USER');
  const name = user?.getArgumentsContent()?.split(':')[0];
  if (!user || (name !== 'root' && name !== '0')) return [];
  return [`${path} line ${lineOf(user)}: USER ${name}: the dynos run as root, with few of root's rights`];
}

function healthcheckNote(line: readonly Stage[], path: string): string[] {
  const check = lastOf(line, 'HEALTHCHECK');
  if (!check || check.getArgumentsContent()?.toUpperCase() === 'NONE') return [];
  return [`HEALTHCHECK of ${path} line ${lineOf(check)} tells when a dyno is ready`];
}
