import type { Ignore } from 'ignore';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Says of a path (relative, `/` between its parts) whether it stays at home. */
export type IsIgnored = (path: string, folder: boolean) => boolean;

/** Never part of a source, at any depth. */
const ALWAYS: ReadonlySet<string> = new Set(['.git', 'node_modules', '.tfk']);
const GIT_OUTPUT = 256 * 1024 * 1024;

/**
 * What of a folder is no source: .git, node_modules, what .slugignore names, and what git ignores (files it tracks are
 * source even where .gitignore names them). Without git the .gitignore files themselves are read.
 */
export async function ignoreRules(folder: string): Promise<IsIgnored> {
  const [slug, git] = await Promise.all([slugIgnore(folder), gitRules(folder)]);
  return (path, isFolder) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return ALWAYS.has(name) || slug(path, isFolder) || git(path, isFolder);
  };
}

/** Heroku's .slugignore knows no `!`: such lines say nothing. */
async function slugIgnore(folder: string): Promise<IsIgnored> {
  const text = contentOf(join(folder, '.slugignore'));
  if (text === null) return () => false;
  const matcher = await matcherOf(
    text
      .split('\n')
      .filter((line) => !line.startsWith('!'))
      .join('\n'),
  );
  return (path, isFolder) => matcher.ignores(isFolder ? `${path}/` : path);
}

async function gitRules(folder: string): Promise<IsIgnored> {
  const listed = await listedByGit(folder);
  if (listed === null) return gitignoreFiles(folder);
  return (path, isFolder) => listed.has(isFolder ? `${path}/` : path);
}

/** What git ignores, folders with a slash at their end; null without git, outside a work tree, or inside an ignored folder. */
async function listedByGit(folder: string): Promise<ReadonlySet<string> | null> {
  const git = (...args: string[]) =>
    promisify(execFile)('git', ['-C', folder, ...args], { maxBuffer: GIT_OUTPUT, encoding: 'utf8' });
  const inside = await git('check-ignore', '-q', '.').then(
    () => 'ignored',
    (error: unknown) => ((error as { code?: unknown }).code === 1 ? 'part of it' : 'no git'),
  );
  if (inside !== 'part of it') return null;
  const list = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  return git(...list).then(
    ({ stdout }) => new Set(stdout.split('\0').filter((path) => path !== '')),
    () => null,
  );
}

/** Each folder's .gitignore holds below it; the deepest that says something decides. */
async function gitignoreFiles(folder: string): Promise<IsIgnored> {
  const { default: create } = await import('ignore');
  const matchers = new Map<string, Ignore | null>();
  const matcherIn = (base: string): Ignore | null => {
    const known = matchers.get(base);
    if (known !== undefined) return known;
    const text = contentOf(join(folder, base, '.gitignore'));
    const matcher = text === null ? null : create().add(text);
    matchers.set(base, matcher);
    return matcher;
  };
  return (path, isFolder) => {
    for (const base of basesOf(path)) {
      const matcher = matcherIn(base);
      if (matcher === null) continue;
      const below = base === '' ? path : path.slice(base.length + 1);
      const verdict = matcher.test(isFolder ? `${below}/` : below);
      if (verdict.ignored || verdict.unignored) return verdict.ignored;
    }
    return false;
  };
}

/** The folders above a path, deepest first; '' is the source itself. */
function basesOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), ''];
}

async function matcherOf(text: string): Promise<Ignore> {
  const { default: create } = await import('ignore');
  return create().add(text);
}

function contentOf(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
