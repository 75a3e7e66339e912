import ignore from 'ignore';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { scanTree, type TreeEntry } from '../../../shared/tree.js';

/** Removes from a finished tree what its plan leaves out of the slug (.gitignore's grammar), and answers what is left. */
export async function leaveOut(tree: string, patterns: readonly string[]): Promise<TreeEntry[]> {
  const rules = ignore().add([...patterns]);
  const excluded: string[] = [];
  const entries = await scanTree(tree, {
    skip: (path, isFolder) => {
      const skipped = rules.ignores(isFolder ? `${path}/` : path);
      if (skipped) excluded.push(path);
      return skipped;
    },
  });
  for (const path of excluded) await rm(join(tree, path), { recursive: true, force: true });
  return entries;
}
