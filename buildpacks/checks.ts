/**
 * Small checks of JSON which a user wrote, put together to a schema whose type is derived from it. A check never throws and
 * never repairs: it reports each problem with its path (`healthchecks/web/0/path: should be a string`) and goes on.
 */
import { closest } from './did-you-mean.js';

export interface Report {
  readonly problems: string[];
  readonly warnings: string[];
}

/** What a check answers after it reported what is wrong. */
export const invalid = Symbol('invalid');
export type Check<T> = (value: unknown, at: string, report: Report) => T | typeof invalid;
export type Checked<C> = C extends Check<infer T> ? T : never;

type Fields = Readonly<Record<string, Check<unknown>>>;
type Shape<F extends Fields, R extends keyof F> = {
  readonly [K in Exclude<keyof F, R>]?: Checked<F[K]>;
} & { readonly [K in R]: Checked<F[K]> };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const under = (at: string, key: string | number): string => (at === '' ? String(key) : `${at}/${key}`);

function complain(at: string, what: string, report: Report): typeof invalid {
  report.problems.push(`${at === '' ? 'the whole file' : at}: ${what}`);
  return invalid;
}

export const text: Check<string> = (value, at, report) => {
  if (typeof value !== 'string') return complain(at, 'should be a string', report);
  if (value.includes('\0')) return complain(at, 'holds a NUL character', report);
  return value;
};

/** A string about which `problemOf` has nothing to say. */
export const textThat =
  (problemOf: (value: string) => string | null): Check<string> =>
  (value, at, report) => {
    const checked = text(value, at, report);
    const problem = checked === invalid ? null : problemOf(checked);
    return problem === null ? checked : complain(at, problem, report);
  };

export const flag: Check<boolean> = (value, at, report) =>
  typeof value === 'boolean' ? value : complain(at, 'should be true or false', report);

/** A whole number from `least` to `most`. */
export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check<number> =>
  (value, at, report) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      return complain(at, 'should be a whole number', report);
    }
    if (value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
      return complain(at, `should be ${range}`, report);
    }
    return value;
  };

export const oneOf =
  <const T extends string>(...choices: readonly T[]): Check<T> =>
  (value, at, report) =>
    choices.find((choice) => choice === value) ??
    complain(at, `should be one of ${choices.join(', ')}`, report);

/** Fields that tfk keeps nothing of, whatever they hold. */
export const anything: Check<unknown> = (value) => value;

/** `first` where its test holds, else `second`: for fields with a short and a long form. */
export const shortOrLong =
  <S, L>(isShort: (value: unknown) => boolean, short: Check<S>, long: Check<L>): Check<S | L> =>
  (value, at, report) =>
    isShort(value) ? short(value, at, report) : long(value, at, report);

export const listOf =
  <T>(check: Check<T>, most = Number.POSITIVE_INFINITY): Check<readonly T[]> =>
  (value, at, report) => {
    if (!Array.isArray(value)) return complain(at, 'should be a list', report);
    if (value.length > most) return complain(at, `should have at most ${most} entries`, report);
    const items: T[] = [];
    for (const [index, item] of value.entries()) {
      const checked = check(item, under(at, index), report);
      if (checked !== invalid) items.push(checked);
    }
    return items;
  };

/** A list of at most `most`, of which no two are the same by what `nameOf` calls them. */
export const listOfDifferent =
  <T>(check: Check<T>, most: number, nameOf: (item: T) => string): Check<readonly T[]> =>
  (value, at, report) => {
    const before = report.problems.length;
    const items = listOf(check, most)(value, at, report);
    if (items === invalid || report.problems.length > before) return invalid;
    const names = items.map(nameOf);
    for (const [index, name] of names.entries()) {
      const first = names.indexOf(name);
      if (first < index) complain(under(at, index), `is the same as ${under(at, first)}`, report);
    }
    return items;
  };

/** An object with keys of the user's choice. */
export const mapOf =
  <T>(check: Check<T>, isKey: (key: string) => boolean, keyIs: string): Check<Readonly<Record<string, T>>> =>
  (value, at, report) => {
    if (!isObject(value)) return complain(at, 'should be an object', report);
    const entries: [string, T][] = [];
    for (const [key, item] of Object.entries(value)) {
      const checked = check(item, under(at, key), report);
      if (key === '__proto__' || !isKey(key)) complain(under(at, key), `is not ${keyIs}`, report);
      else if (checked !== invalid) entries.push([key, checked]);
    }
    return Object.fromEntries(entries);
  };

/** An object with known fields; other fields are warned of and left out. */
export const object =
  <F extends Fields, R extends keyof F & string = never>(
    fields: F,
    required: readonly R[] = [],
  ): Check<Shape<F, R>> =>
  (value, at, report) => {
    if (!isObject(value)) return complain(at, 'should be an object', report);
    const known = Object.keys(fields);
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(value)) {
      const check = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (check) entries.push([key, check(item, under(at, key), report)]);
      else report.warnings.push(unknownField(under(at, key), key, known));
    }
    for (const key of required)
      if (!Object.hasOwn(value, key)) complain(under(at, key), 'is missing', report);
    // The loop above has checked each field; the compiler cannot follow it through the entries.
    return Object.fromEntries(entries.filter(([, item]) => item !== invalid)) as Shape<F, R>;
  };

function unknownField(at: string, key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  return `${at}: unknown field${meant === null ? '' : `, did you mean ${meant}?`}`;
}
