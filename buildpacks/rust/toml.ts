import { parse } from 'smol-toml';
import { PlanError } from '../planner.js';

export type Table = Readonly<Record<string, unknown>>;

/** Throws a PlanError for a file that is no TOML. */
export function parseToml(file: string, text: string): Table {
  try {
    return parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new PlanError(`${file} is not valid TOML: ${reason}`, `Correct ${file} and push again.`);
  }
}

export const tableOf = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
export const tablesOf = (value: unknown): Table[] => (Array.isArray(value) ? value.map(tableOf) : []);
export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
