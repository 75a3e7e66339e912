import { isOwnProgram, programOf } from '../shared/program.js';

/** Programs that start others, whose missing they report by the same status. */
const STARTERS = [
  'npm',
  'npx',
  'pnpm',
  'yarn',
  'bun',
  'bunx',
  'sh',
  'bash',
  'env',
  'node',
  'bundle',
  'uv',
  'poetry',
  'pipenv',
];

/**
 * What a shell's status 126 or 127 says of a command that was to be run: what was not found, and what most often helps. Null for
 * any other status.
 */
export function missingProgram(command: string, status: number | null): string | null {
  if (status !== 126 && status !== 127) return null;
  const program = programOf(command);
  if (program === null || STARTERS.includes(program))
    return status === 127
      ? 'a program that it starts was not found: the last lines of `tfk logs` name it. Is it installed in production too?'
      : 'a program that it starts cannot be executed: the last lines of `tfk logs` name it';
  if (status === 126)
    return `${program} cannot be executed: \`chmod +x ${program}\` (in git: \`git update-index --chmod=+x ${program}\`), and push again`;
  return isOwnProgram(program)
    ? `${program}, or the program in its first line, was not found: is it built, and not left out by an ignore file? \`tfk run ls\` shows what is there`
    : `the program ${program} was not found: is it among the app's dependencies, and not of the development ones only? Else give its path`;
}
