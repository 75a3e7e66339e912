import ignore from 'ignore';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PlanError } from '../../buildpacks/planner.js';
import type { SourceTree } from '../../buildpacks/source.js';

/** Never part of a source: history, and what the build installs itself. */
const ALWAYS = ['.git', 'node_modules'];

/** Decides which paths of a source are left out; folders are asked with a trailing `/`. */
export type IgnoreRule = (path: string) => boolean;

/**
 * The rules of a source: `.git` and `node_modules` at any depth, and `.slugignore` in .gitignore's grammar, but without
 * negation (Heroku's own rule). Throws a PlanError for a line that negates.
 */
function ignoreRule(source: SourceTree): IgnoreRule {
  const rules = ignore().add(ALWAYS);
  const own = source.read('.slugignore');
  if (own !== null) {
    refuseNegation(own);
    rules.add(own);
  }
  return (path) => rules.ignores(path);
}

/** Removes from the folder what its rules leave out, and answers how many entries (a folder counts as one). */
export async function applyIgnore(folder: string, source: SourceTree): Promise<number> {
  const isIgnored = ignoreRule(source);
  const removed: string[] = [];
  const folders = [''];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    for (const name of source.list(at)) {
      const path = at === '' ? name : `${at}/${name}`;
      if (isIgnored(path)) removed.push(path);
      else if (name.endsWith('/')) folders.push(path.slice(0, -1));
    }
  }
  for (const path of removed) await rm(join(folder, path), { recursive: true, force: true });
  return removed.length;
}

function refuseNegation(rules: string): void {
  const line = rules.split(/\r?\n/).findIndex((rule) => rule.startsWith('!'));
  if (line === -1) return;
  throw new PlanError(
    `.slugignore line ${line + 1} begins with "!": a .slugignore cannot take back what it ignores.`,
    'Write narrower patterns instead; a file name that begins with ! is written \\!name.',
  );
}
