import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCK_FILES, lockedVersions } from '../../buildpacks/locked-versions.js';
import type { BuildPlan } from '../../buildpacks/plan.js';
import { scanTree, treeDigest, type TreeEntry } from '../shared/tree.js';

/** What a source is made of. */
export interface SourceContents {
  /** Hex SHA-256 of names, exec bits, link targets and contents, in one canonical order. */
  readonly hash: string;
  /** Path → what tells two versions of it apart: for comparing releases. */
  readonly files: Readonly<Record<string, string>>;
  /** Package → locked version. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** `reading` is told of a file before it is understood. */
export async function sourceContents(
  folder: string,
  reading: (path: string) => void = () => undefined,
): Promise<SourceContents> {
  const entries = await scanTree(folder);
  const files = entries.flatMap((entry): [string, string][] => {
    if (entry.type === 'file') return [[entry.path, entry.executable ? `${entry.digest} x` : entry.digest]];
    return entry.type === 'link' ? [[entry.path, `-> ${entry.target}`]] : [];
  });
  return {
    hash: treeDigest(entries),
    files: Object.fromEntries(files),
    dependencies: await dependenciesOf(folder, entries, reading),
  };
}

/** A lock file beyond that is nobody's to compare. */
const LOCK_FILE_BYTES = 32 * 1024 * 1024;

async function dependenciesOf(
  folder: string,
  entries: readonly TreeEntry[],
  reading: (path: string) => void,
): Promise<Record<string, string>> {
  const lock = LOCK_FILES.find((name) =>
    entries.some((entry) => entry.type === 'file' && entry.path === name && entry.size <= LOCK_FILE_BYTES),
  );
  if (lock === undefined) return {};
  reading(lock);
  return lockedVersions(lock, await readFile(join(folder, lock), 'utf8'));
}

/** What a slug is found again by: the same content, planned the same way, for the same runtime, with the same config. */
export function contentKey(parts: {
  /** Hash of the source. */
  readonly source: string;
  readonly plan: BuildPlan;
  /** As Engine.runtimeOf. */
  readonly runtime: string;
  /** As BuildRequest.configKey. */
  readonly config: string;
}): string {
  const { source, plan, runtime, config } = parts;
  return createHash('sha256')
    .update(JSON.stringify([source, plan, runtime, config]))
    .digest('hex');
}
