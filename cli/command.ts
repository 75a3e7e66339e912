import type { Context } from './context.js';
import { UsageError } from './errors.js';

/** One option of a command: what commander parses, and how its value is read. */
export interface Option<Value> {
  /** commander's grammar: `-n, --num <count>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; `read` gets the list. */
  readonly repeatable?: boolean;
  readonly read: (given: unknown) => Value;
}

export interface Argument<Value> {
  /** commander's grammar: `<release>`, `[name]`, `[command...]`. */
  readonly syntax: string;
  readonly description: string;
  readonly read: (given: unknown) => Value;
}

type Options = Readonly<Record<string, Option<unknown>>>;
type Arguments = Readonly<Record<string, Argument<unknown>>>;
type Values<Specs extends Options | Arguments> = {
  readonly [Key in keyof Specs]: ReturnType<Specs[Key]['read']>;
};

export interface Input<A extends Arguments, O extends Options> {
  readonly args: Values<A>;
  readonly options: Values<O>;
}

/** A command as data above a short body. The body answers an exit code, or nothing for 0. */
export interface Definition<A extends Arguments = Arguments, O extends Options = Options> {
  /** Its full name, `apps:create`. Short forms are in topics.ts. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** More, for its own help. */
  readonly details?: string;
  /** In the order typed. */
  readonly args: A;
  readonly options: O;
  readonly examples: readonly string[];
  readonly hidden?: boolean;
  /** Options that are not ours belong to the user's own command, which is the last argument. */
  readonly passesUnknownOptions?: boolean;
  readonly run: (context: Context, input: Input<A, O>) => Promise<number | undefined>;
}

/** Types the body by its arguments and options; the list of a topic holds definitions of every kind. */
export function command<A extends Arguments, O extends Options>(definition: Definition<A, O>): Definition {
  return {
    ...definition,
    run: (context, input) => definition.run(context, input as Input<A, O>),
  };
}

export function flag(flags: string, description: string): Option<boolean> {
  return { flags, description, read: (given) => given === true };
}

export function text(flags: string, description: string): Option<string | undefined> {
  return { flags, description, read: textOf };
}

export function texts(flags: string, description: string): Option<readonly string[]> {
  return { flags, description, repeatable: true, read: textsOf };
}

/** A whole number of at least `least`; `undefined` when not given. */
export function count(flags: string, description: string, least = 1): Option<number | undefined> {
  const read = (given: unknown): number | undefined => {
    const typed = textOf(given);
    if (typed === undefined) return undefined;
    if (!/^\d{1,9}$/.test(typed) || Number(typed) < least) {
      throw new UsageError(
        `${/^[-\w]+/.exec(flags)?.[0] ?? flags} takes a whole number from ${least} on, not ${typed}.`,
      );
    }
    return Number(typed);
  };
  return { flags, description, read };
}

export function required(name: string, description: string): Argument<string> {
  return { syntax: `<${name}>`, description, read: (given) => notEmpty(name, textOf(given)) ?? '' };
}

export function optional(name: string, description: string): Argument<string | undefined> {
  return { syntax: `[${name}]`, description, read: (given) => notEmpty(name, textOf(given)) };
}

/** `"$JOB"` of a script in which JOB is not set names nothing: neither the newest nor the only one there is. */
function notEmpty(name: string, given: string | undefined): string | undefined {
  if (given !== '') return given;
  throw new UsageError(`<${name}> is empty. Nothing was done.`);
}

export function rest(name: string, description: string): Argument<readonly string[]> {
  return { syntax: `[${name}...]`, description, read: textsOf };
}

export function restRequired(name: string, description: string): Argument<readonly string[]> {
  return { syntax: `<${name}...>`, description, read: textsOf };
}

/** The options which nearly every command has. */
export const appOption = text('-a, --app <name>', 'the app; else $TFK_APP, .tfk/app or the git remote');
export const jsonOption = flag('-j, --json', 'answer JSON');
export const confirmOption = text('-c, --confirm <app>', 'the name of the app, to confirm');

function textOf(given: unknown): string | undefined {
  return typeof given === 'string' ? given : undefined;
}

function textsOf(given: unknown): readonly string[] {
  return Array.isArray(given) ? given.filter((item): item is string => typeof item === 'string') : [];
}
