import { commandNames, findCommand, type Found } from './catalogue.js';
import { closest, didYouMean } from './closest.js';
import type { Context } from './context.js';
import { EXIT, UsageError } from './errors.js';
import { parse } from './parse.js';

/** Finds the command that was typed, reads its arguments, runs it. Answers the exit code. */
export async function runProgram(words: readonly string[], context: Context): Promise<number> {
  const [first] = words;
  if (first === undefined || first === '--help' || first === '-h') return showOverview(context);
  if (first === 'help')
    return words.length === 1 ? showOverview(context) : showHelp(await found(words.slice(1)), context);
  if (first === '--version' || first === '-v') return runProgram(['version'], context);
  const typed = await found(words);
  if (asksForHelp(typed)) return showHelp(typed, context);
  return (await typed.definition.run(context, parse(typed.definition, typed.rest))) ?? EXIT.ok;
}

async function found(words: readonly string[]): Promise<Found> {
  const typed = await findCommand(words);
  if (typed) return typed;
  const [first = '', second] = words;
  if (first.startsWith('-')) {
    throw new UsageError(
      `${first} stands where the command is expected.`,
      'Type options after the command: tfk ps -a myapp',
    );
  }
  const likely = [
    ...(second === undefined ? [] : closest(`${first}:${second}`, commandNames(), 1)),
    ...closest(first, commandNames()),
    ...commandNames().filter((name) => name.startsWith(`${first}:`)),
  ];
  const guess = didYouMean([...new Set(likely)].slice(0, 4));
  throw new UsageError(`${first} is no tfk command.`, [guess, 'Type: tfk help'].filter(Boolean).join('\n'));
}

/** After the user's own command has begun, `--help` is that command's. */
function asksForHelp({ definition, rest }: Found): boolean {
  const separator = rest.indexOf('--');
  const ours =
    definition.passesUnknownOptions === true
      ? rest.slice(0, 1)
      : rest.slice(0, separator === -1 ? undefined : separator);
  return ours.includes('--help') || ours.includes('-h');
}

async function showOverview({ output }: Context): Promise<number> {
  const { overview } = await import('./help.js');
  output.line(await overview());
  return EXIT.ok;
}

async function showHelp({ definition }: Found, { output }: Context): Promise<number> {
  const { helpOf } = await import('./help.js');
  output.line(helpOf(definition));
  return EXIT.ok;
}
