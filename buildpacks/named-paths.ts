import { posix } from 'node:path';
import type { SourceTree } from './source.js';

/** What a setting such as `./certs/ca.pem` means, if the source has something there; null for all else that settings say. */
function namedPath(source: SourceTree, word: string): string | null {
  const path = posix.normalize(word.replace(/^file:(?:\/\/)?/, '')).replace(/\/$/, '');
  const isOutside = path === '.' || path === '..' || path.startsWith('/') || path.startsWith('../');
  return isOutside || !source.has(path) ? null : path;
}

/** A link to a folder is none. */
export function isFolder(source: SourceTree, path: string): boolean {
  const parent = posix.dirname(path);
  return source.list(parent === '.' ? '' : parent).includes(`${posix.basename(path)}/`);
}

/** Of settings that anybody would write. */
const MOST_WORDS = 1000;

/** All that words of settings mean in the source, each once. */
export function namedPaths(source: SourceTree, words: Iterable<string>): string[] {
  const paths = [...new Set(words)].slice(0, MOST_WORDS).map((word) => namedPath(source, word));
  return [...new Set(paths.filter((path) => path !== null))];
}
