import { TfkError } from '../shared/errors.js';

/** Null removes a key. */
export type ConfigChanges = Readonly<Record<string, string | null>>;

const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** One value; the whole environment has to fit into what a kernel takes for a new process. */
const MAX_VALUE_BYTES = 64 * 1024;
const MAX_TOTAL_BYTES = 256 * 1024;
/** Given by the platform to each dyno on its own. */
const PLATFORM_KEYS: ReadonlySet<string> = new Set(['PORT', 'DYNO', 'PATH', 'HOME', 'TMPDIR']);

/** What an app tells the platform, among its config vars. */
const APP_SETTINGS: ReadonlySet<string> = new Set(['TFK_BUILD_CONFIG', 'TFK_BUILDER']);

/** Refuses what cannot be an environment variable; the message names the key, never the value. */
export function assertConfigChanges(changes: ConfigChanges, bound: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(changes)) {
    assertKey(key);
    if (bound.has(key)) throw boundKey(key);
    if (value !== null) assertValue(key, value);
  }
}

function assertKey(key: string): void {
  if (!KEY.test(key)) {
    throw new TfkError(
      'invalid_params',
      `${JSON.stringify(key.slice(0, 80))} cannot be a config var's name. Nothing was changed.`,
      {
        hint: 'A name has letters, digits and underscores, and does not begin with a digit.',
      },
    );
  }
  if (APP_SETTINGS.has(key)) return;
  if (PLATFORM_KEYS.has(key) || key.startsWith('TFK_') || key.startsWith('HEROKU_')) {
    throw new TfkError(
      'invalid_params',
      `${key} is set by the platform for each dyno. Nothing was changed.`,
      {
        hint: 'Choose another name.',
      },
    );
  }
}

function assertValue(key: string, value: string): void {
  if (value.includes('\0')) {
    throw new TfkError(
      'invalid_params',
      `The value of ${key} has a NUL byte, which no environment can hold. Nothing was changed.`,
    );
  }
  const bytes = Buffer.byteLength(value);
  if (bytes <= MAX_VALUE_BYTES) return;
  throw new TfkError(
    'invalid_params',
    `The value of ${key} has ${bytes} bytes; the limit is ${MAX_VALUE_BYTES}. Nothing was changed.`,
    {
      hint: 'Keep large values in a backing service, and its address in the config.',
    },
  );
}

const boundKey = (key: string): TfkError =>
  new TfkError('invalid_params', `${key} comes from an add-on. Nothing was changed.`, {
    hint: 'Detach the add-on to remove it (tfk addons:detach), or attach it under another name.',
  });

/** The config after the changes, and which keys really differ. */
export function applyChanges(
  config: Readonly<Record<string, string>>,
  changes: ConfigChanges,
): { readonly config: Record<string, string>; readonly set: string[]; readonly removed: string[] } {
  const next = new Map(Object.entries(config));
  const set: string[] = [];
  const removed: string[] = [];
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) {
      if (next.delete(key)) removed.push(key);
    } else if (next.get(key) !== value) {
      next.set(key, value);
      set.push(key);
    }
  }
  assertTotal(next);
  return { config: Object.fromEntries(next), set, removed };
}

function assertTotal(config: ReadonlyMap<string, string>): void {
  let total = 0;
  for (const [key, value] of config) total += Buffer.byteLength(key) + Buffer.byteLength(value) + 2;
  if (total <= MAX_TOTAL_BYTES) return;
  throw new TfkError(
    'invalid_params',
    `The config would have ${total} bytes in all; the limit is ${MAX_TOTAL_BYTES}. Nothing was changed.`,
  );
}

/** Heroku's words for what a config change did. */
export function describeChange(set: readonly string[], removed: readonly string[]): string {
  const parts = [
    ...(set.length > 0 ? [`Set ${set.join(', ')}`] : []),
    ...(removed.length > 0 ? [`${set.length > 0 ? 'remove' : 'Remove'} ${removed.join(', ')}`] : []),
  ];
  return `${parts.join(' and ')} config vars`;
}
