import type { SourceTree } from '../source.js';

/** By these beginnings frameworks know what of the environment goes into pages, where everybody can read it. */
const PUBLIC = ['NEXT_PUBLIC_', 'NUXT_PUBLIC_', 'VITE_', 'REACT_APP_', 'VUE_APP_', 'GATSBY_', 'PUBLIC_'];

/** The app's config vars that its build is given. */
export const buildVariables = (config: Readonly<Record<string, string>>): string[] =>
  Object.keys(config)
    .filter((name) => PUBLIC.some((beginning) => name.startsWith(beginning)))
    .sort();

/** Those that the package manager reads: its own, and what its settings name, as `${NPM_TOKEN}`. */
export function installVariables(
  source: SourceTree,
  config: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const settings = ['.npmrc', '.yarnrc.yml', 'bunfig.toml'].map((file) => source.read(file) ?? '');
  const named = settings.flatMap((text) => [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name));
  const isRead = (name: string): boolean => /^(?:NPM_CONFIG|YARN_NPM)_/i.test(name) || named.includes(name);
  return new Map(
    Object.entries(config)
      .filter(([name]) => isRead(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
