import type { NewUser } from './users.js';

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with each field, e.g. `{ email: 'is missing' }`. */
export type Problems = Readonly<Record<string, string>>;

export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: Problems };

const RULES: Readonly<Record<keyof NewUser, { readonly pattern: RegExp; readonly rule: string }>> = {
  username: {
    pattern: /^[\w.-]{1,40}$/,
    rule: 'must be 1 to 40 letters, digits, dots, dashes or underscores',
  },
  email: { pattern: /^(?=.{3,254}$)[^\s@]+@[^\s@]+$/, rule: 'must be like ada@example.com' },
};

const FIELDS = ['username', 'email'] as const;

/** A new user needs all fields. */
export function newUserFrom(body: unknown): Checked<NewUser> {
  return checked(fieldsOf(body), FIELDS);
}

/** A change needs at least one. */
export function userChangesFrom(body: unknown): Checked<Partial<NewUser>> {
  const fields = fieldsOf(body);
  const given = FIELDS.filter((name) => fields[name] !== undefined);
  return checked(fields, given.length > 0 ? given : FIELDS);
}

/** `username is missing; email must be like …` */
export function sentence(problems: Problems): string {
  return Object.entries(problems)
    .map(([field, problem]) => `${field} ${problem}`)
    .join('; ');
}

/** What of the body is ours, without the spaces around it. */
function fieldsOf(body: unknown): Fields {
  if (typeof body !== 'object' || body === null) return {};
  const given = FIELDS.map((name) => [name, (body as Fields)[name] ?? undefined] as const);
  return Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  );
}

function checked<T extends Partial<NewUser>>(fields: Fields, needed: readonly (keyof NewUser)[]): Checked<T> {
  const problems: Record<string, string> = {};
  for (const name of needed) {
    const value = fields[name];
    if (value === undefined || value === '') problems[name] = 'is missing';
    else if (typeof value !== 'string' || !RULES[name].pattern.test(value)) problems[name] = RULES[name].rule;
  }
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  return { ok: true, value: Object.fromEntries(needed.map((name) => [name, fields[name]])) as T };
}
