import { namedPaths } from '../named-paths.js';
import type { SourceTree } from '../source.js';

/** Where npm, Yarn and bun have their settings; pnpm has them in npm's file, and in a file of its own. */
const FILES = ['.npmrc', '.yarnrc', '.yarnrc.yml', 'bunfig.toml'];

/** Files and folders of the source that settings name, whatever for: hooks, plugins, certificates, further settings. */
export function pathsInSettings(source: SourceTree): string[] {
  const words = FILES.flatMap((file) => (source.read(file) ?? '').split('\n').flatMap(valuesOf));
  return pathsAmong(source, words);
}

/** A bare word is a package or a choice far more often than a folder. */
export function pathsAmong(source: SourceTree, words: readonly string[]): string[] {
  const folders = new Set(source.list(''));
  return namedPaths(
    source,
    words.filter((word) => !folders.has(`${word}/`)),
  );
}

/** `key = value`, `key "value"`, `key: value`, `- value`: the values, and never a key or a comment. */
function valuesOf(line: string): string[] {
  const said = line.replace(/(?:^|\s)[#;].*/, '');
  return said
    .slice(said.indexOf('=') + 1)
    .split(/[\s"'=,{}[\]]+/)
    .filter((word) => word !== '' && !word.endsWith(':'))
    .map((word) => word.replace(/\?$/, ''));
}
