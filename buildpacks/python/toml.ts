import { parse } from 'smol-toml';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';

export type Table = Readonly<Record<string, unknown>>;

/** A TOML file of the source; null where there is none. Throws a PlanError where it cannot be read. */
export function readToml(source: SourceTree, file: string): Table | null {
  if (!source.has(file)) return null;
  const text = source.read(file);
  if (text === null) throw new PlanError(`${file} is not a regular file of at most 1 MiB.`);
  try {
    return parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new PlanError(`${file} is not valid TOML: ${reason}`, `Correct ${file} and push again.`);
  }
}

/** The table at a path of keys; an empty one where there is none, or something else. */
export function tableAt(table: Table | null, ...keys: readonly string[]): Table {
  let value: unknown = table;
  for (const key of keys) value = isTable(value) ? value[key] : undefined;
  return isTable(value) ? value : {};
}

export const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];

export const tablesOf = (value: unknown): Table[] => (Array.isArray(value) ? value.filter(isTable) : []);
