import { Command, CommanderError, Option as CommanderOption } from 'commander';
import { closest, didYouMean } from './closest.js';
import type { Definition } from './command.js';
import { UsageError } from './errors.js';

export interface Parsed {
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Reads what was typed after a command. Throws UsageError, with what was probably meant. */
export function parse(definition: Definition, words: readonly string[]): Parsed {
  const program = new Command(definition.name)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .helpOption(false)
    .allowUnknownOption(definition.passesUnknownOptions === true)
    .allowExcessArguments(false)
    .action(() => undefined);
  const named = Object.entries(definition.options).map(([key, spec]) => {
    const option = new CommanderOption(spec.flags, spec.description);
    if (spec.repeatable === true) option.argParser(collect);
    program.addOption(option);
    return { key, spec, attribute: option.attributeName(), negated: option.negate };
  });
  for (const argument of Object.values(definition.args)) {
    program.argument(argument.syntax, argument.description);
  }
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    throw explained(error, definition);
  }
  const given = program.opts<Record<string, unknown>>();
  return {
    args: mapped(Object.entries(definition.args), (argument, index) =>
      argument.read(program.processedArgs[index]),
    ),
    options: Object.fromEntries(
      // commander tells of `--no-tty` that `tty` is false; our options say whether they were given.
      named.map(({ key, spec, attribute, negated }) => [
        key,
        spec.read(negated ? given[attribute] === false : given[attribute]),
      ]),
    ),
  };
}

function collect(value: string, before: unknown): string[] {
  return [...(Array.isArray(before) ? (before as string[]) : []), value];
}

function mapped<T>(
  entries: [string, T][],
  value: (item: T, index: number) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, item], index) => [key, value(item, index)]));
}

function explained(error: unknown, definition: Definition): unknown {
  if (!(error instanceof CommanderError)) return error;
  const told = error.message.replace(/^error: /, '').replace(/\n.*$/s, '');
  const message = `${told.charAt(0).toUpperCase()}${told.slice(1)}.`;
  const help = `Type: tfk help ${definition.name}`;
  if (error.code !== 'commander.unknownOption') return new UsageError(message, help);
  const typed = /'(.*?)(=.*)?'/.exec(told)?.[1] ?? '';
  const guess = didYouMean(closest(typed, flagsOf(definition), 2));
  return new UsageError(message, guess === undefined ? help : `${guess}\n${help}`);
}

/** Every spelling of every option. */
export function flagsOf(definition: Definition): string[] {
  return Object.values(definition.options).flatMap(({ flags }) =>
    flags.split(/[ ,|]+/).filter((part) => part.startsWith('-')),
  );
}
