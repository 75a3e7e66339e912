import { closest } from './did-you-mean.js';

/** A schedule in five numeric fields, or in one sentence why it is none. */
export type ReadSchedule = { readonly expression: string } | { readonly problem: string };

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Names of its values, the first of them for `least`. */
  readonly names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59, names: [] },
  { name: 'hour', least: 0, most: 23, names: [] },
  { name: 'day of the month', least: 1, most: 31, names: [] },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  // 7 is Sunday as well as 0, so that Friday to Sunday is a range.
  {
    name: 'day of the week',
    least: 0,
    most: 7,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  },
];

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const LONGEST = 250;
const DAYS_OF_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Why one field is not right; thrown and caught in here only. */
class FieldProblem extends Error {}

/**
 * Reads a cron line: `minute hour day month weekday` with `*`, lists, ranges, steps and names, or `@daily` and the like. What it
 * answers means the same to every cron.
 */
export function readSchedule(line: string): ReadSchedule {
  if (line.length > LONGEST) return { problem: `is longer than ${LONGEST} characters` };
  const words = line.trim().split(/\s+/);
  const [first = ''] = words;
  if (first.startsWith('@')) return ofNickname(line.trim().toLowerCase());
  if (first === '' || words.length !== FIELDS.length) return { problem: miscounted(first, words.length) };
  try {
    const fields = FIELDS.map((field, index) => readField(field, words[index] ?? ''));
    const [, , days = '', months = '', weekdays = ''] = fields;
    // A day of the week that begins with * narrows the day of the month; any other one is a further way to come.
    if (weekdays.startsWith('*') && neverComes(days, months))
      return { problem: `never comes: none of its months has a day ${words[2] ?? ''}` };
    return { expression: fields.join(' ') };
  } catch (error) {
    if (error instanceof FieldProblem) return { problem: error.message };
    throw error;
  }
}

function ofNickname(name: string): ReadSchedule {
  const expression = NICKNAMES.get(name);
  if (expression !== undefined) return { expression };
  if (name.startsWith('@every'))
    return { problem: '@every is not known; every ten minutes, for one, is "*/10 * * * *"' };
  if (name === '@reboot')
    return { problem: '@reboot is not known: a job runs by the clock; what is to run always is a dyno' };
  const near = closest(name, [...NICKNAMES.keys()]);
  const meant =
    near === null ? `should be one of ${[...NICKNAMES.keys()].join(', ')}` : `did you mean ${near}?`;
  return { problem: `${JSON.stringify(name)} is not known, ${meant}` };
}

function miscounted(first: string, count: number): string {
  const has = first === '' ? 'is empty' : `has ${count} ${count === 1 ? 'field' : 'fields'}`;
  const seconds = count === FIELDS.length + 1 ? ' (there are no seconds)' : '';
  return `${has}, should have 5${seconds}: minute, hour, day of the month, month, day of the week, as in "30 3 * * 1"`;
}

const readField = (field: Field, text: string): string =>
  text
    .split(',')
    .map((item) => readItem(field, item))
    .join(',');

/** One of a list: `*`, `5`, `1-5`, each perhaps with `/step`. */
function readItem(field: Field, item: string): string {
  const [, range = '', , step] = /^([^/]*)(\/(.*))?$/s.exec(item) ?? [];
  const [from = '', to, ...more] = range.split('-');
  if (more.length > 0) throw wrong(field, item, 'is not a range: write it like 1-5');
  if (range === '*') return step === undefined ? '*' : `*/${stepOf(field, step)}`;
  const start = valueOf(field, from);
  if (to !== undefined) {
    const end = valueOf(field, to, true);
    if (end < start)
      throw wrong(field, item, `ends before it begins: write it like ${wrapped(field, start, end)}`);
    return `${start}-${end}${step === undefined ? '' : `/${stepOf(field, step)}`}`;
  }
  if (step === undefined) return String(start);
  // As other crons read it: from there to the end, in steps.
  return `${start}-${Math.max(start, endOf(field))}/${stepOf(field, step)}`;
}

const wrapped = (field: Field, start: number, end: number): string =>
  `${start}-${endOf(field)},${field.least}-${end}`;

/** The last one that is not the first again. */
const endOf = ({ most, names }: Field): number => (names[0] === 'sun' ? most - 1 : most);

function valueOf(field: Field, text: string, asEnd = false): number {
  const name = text.toLowerCase();
  const index = asEnd ? field.names.lastIndexOf(name) : field.names.indexOf(name);
  if (index >= 0) return field.least + index;
  if (text === '') throw wrong(field, text, 'is missing');
  if (!/^\d{1,4}$/.test(text)) throw wrong(field, text, `is not a ${field.name}${meant(field, name)}`);
  const value = Number(text);
  if (value < field.least || value > field.most)
    throw wrong(field, text, `should be ${field.least} to ${field.most}`);
  return value;
}

function meant(field: Field, name: string): string {
  if (field.names.length === 0) return `: it should be ${field.least} to ${field.most}, or *`;
  const near = closest(name, field.names);
  if (near !== null) return `, did you mean ${near}?`;
  return `: it should be ${field.least} to ${field.most}, *, or ${field.names.slice(0, 3).join(', ')}…`;
}

function stepOf(field: Field, text: string): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  const most = endOf(field);
  if (step >= 1 && step <= most) return step;
  throw wrong(field, `/${text}`, `should be a step of 1 to ${most}`);
}

const wrong = (field: Field, text: string, what: string): FieldProblem =>
  new FieldProblem(`${field.name}: ${text === '' ? 'a value' : JSON.stringify(text)} ${what}`);

function neverComes(days: string, months: string): boolean {
  if (days.startsWith('*')) return false;
  const earliest = Math.min(
    ...days.split(',').map((item) => (item.startsWith('*') ? 1 : Number.parseInt(item))),
  );
  return !DAYS_OF_MONTHS.some((length, index) => holds(months, index + 1) && earliest <= length);
}

/** Whether a field that was read has the value. */
const holds = (field: string, value: number): boolean =>
  field.split(',').some((item) => {
    const [, from = '', to = from, step = '1'] = /^(\d+|\*)(?:-(\d+))?(?:\/(\d+))?$/.exec(item) ?? [];
    const [least, most] = from === '*' ? [1, Number.POSITIVE_INFINITY] : [Number(from), Number(to)];
    return value >= least && value <= most && (value - least) % Number(step) === 0;
  });
