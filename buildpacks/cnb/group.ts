import { parse } from 'smol-toml';
import { folderOf, isFolderName } from './layers.js';

/** What a detector has chosen. */
export interface DetectedGroup {
  readonly buildpacks: readonly { readonly id: string; readonly version: string }[];
  /** Ids of image extensions, which would change the images themselves. */
  readonly extensions: readonly string[];
}

/** Of a group.toml; null for what is none. */
export function readGroup(toml: string): DetectedGroup | null {
  try {
    const table = parse(toml) as Readonly<Record<string, unknown>>;
    return {
      buildpacks: elementsOf(table['group']),
      extensions: elementsOf(table['group-extensions']).map(({ id }) => id),
    };
  } catch {
    return null;
  }
}

function elementsOf(value: unknown): { id: string; version: string }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((element: unknown) => {
    const { id, version } = (element ?? {}) as { readonly id?: unknown; readonly version?: unknown };
    return isName(id) && isFolderName(folderOf(id)) && isName(version) ? [{ id, version }] : [];
  });
}

/** Shown as it is. */
const isName = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7E]{1,255}$/.test(value);
