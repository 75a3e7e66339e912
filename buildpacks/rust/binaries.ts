import type { SourceTree } from '../source.js';
import { tableOf, tablesOf, textOf, textsOf, type Table } from './toml.js';

/** The names of the programs that `cargo build` makes of one package: those it finds by itself, and those that are named. */
export function binariesOf(source: SourceTree, folder: string, manifest: Table): string[] {
  const pack = tableOf(manifest['package']);
  const name = textOf(pack['name']);
  if (name === null) return [];
  const named = tablesOf(manifest['bin']).filter((bin) => textOf(bin['name']) !== null);
  const enabled = enabledFeatures(manifest);
  const skipped = named.filter((bin) => !isEnabled(bin, enabled));
  const namesOf = (bins: readonly Table[]) => bins.map((bin) => textOf(bin['name']) ?? '');
  const takenPaths = new Set(named.map((bin) => textOf(bin['path'])));
  const found = pack['autobins'] === false ? [] : foundIn(source, folder, name);
  const own = found.filter(({ path }) => !takenPaths.has(path)).map((bin) => bin.name);
  const all = new Set([...own, ...namesOf(named)]);
  for (const off of namesOf(skipped)) all.delete(off);
  return [...all].sort();
}

/** Those that are built unless somebody says otherwise. */
function enabledFeatures(manifest: Table): ReadonlySet<string> {
  const features = tableOf(manifest['features']);
  const enabled = new Set<string>(['default']);
  for (const feature of enabled) for (const next of textsOf(features[feature])) enabled.add(next);
  return enabled;
}

/** A program may need features that are not built unless asked for. */
const isEnabled = (bin: Table, enabled: ReadonlySet<string>): boolean =>
  textsOf(bin['required-features']).every((feature) => enabled.has(feature));

interface Found {
  readonly name: string;
  /** Relative to the package. */
  readonly path: string;
}

function foundIn(source: SourceTree, folder: string, packageName: string): Found[] {
  const below = (path: string): string => (folder === '' ? path : `${folder}/${path}`);
  const main = source.has(below('src/main.rs')) ? [{ name: packageName, path: 'src/main.rs' }] : [];
  const others = source.list(below('src/bin')).flatMap((entry): Found[] => {
    if (entry.endsWith('.rs')) return [{ name: entry.slice(0, -'.rs'.length), path: `src/bin/${entry}` }];
    const path = `src/bin/${entry}main.rs`;
    return entry.endsWith('/') && source.has(below(path)) ? [{ name: entry.slice(0, -1), path }] : [];
  });
  return [...main, ...others];
}
