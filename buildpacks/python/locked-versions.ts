import { normalised } from './names.js';
import { isTable, tableAt } from './toml.js';

/** Files whose packages can be told with their versions; the one that is installed from comes first. */
export const LOCK_FILES = ['uv.lock', 'poetry.lock', 'Pipfile.lock', 'requirements.txt'] as const;

/** Package → locked version. What cannot be read gives nothing: no build depends on it. */
export function lockedVersions(file: (typeof LOCK_FILES)[number], text: string): Record<string, string> {
  return Object.fromEntries(pairsOf(file, text).map(([name, version]) => [normalised(name), version]));
}

function pairsOf(file: (typeof LOCK_FILES)[number], text: string): [name: string, version: string][] {
  switch (file) {
    case 'uv.lock':
    case 'poetry.lock':
      return matches(text, /^\[\[package\]\]\r?\nname = "([^"]+)"\r?\nversion = "([^"]+)"/gm);
    case 'requirements.txt':
      return matches(text, /^([A-Za-z0-9][\w.-]*)(?:\[[^\]\n]*\])?[ \t]*==[ \t]*([^\s;\\#,]+)/gm);
    case 'Pipfile.lock':
      return pipenvPairs(text);
  }
}

const matches = (text: string, pattern: RegExp): [string, string][] =>
  [...text.matchAll(pattern)].map(([, name = '', version = '']) => [name, version]);

function pipenvPairs(text: string): [string, string][] {
  try {
    const lock: unknown = JSON.parse(text);
    return Object.entries(tableAt(isTable(lock) ? lock : null, 'default')).flatMap(([name, entry]) => {
      const version = isTable(entry) ? entry['version'] : null;
      return typeof version === 'string' ? [[name, version.replace(/^==/, '')] as [string, string]] : [];
    });
  } catch {
    return [];
  }
}
