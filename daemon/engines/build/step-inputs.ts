import { isClosed, type BuildStep, type ClosedStep } from '../../../buildpacks/plan.js';
import type { TreeEntry } from '../../shared/tree.js';

type Link = TreeEntry & { readonly type: 'link' };

const MAX_HOPS = 40;

/**
 * What a closed step finds of the source, in the source's order: the files that it names, and where one of them is a link all
 * that this leads to. So a change behind a link is a change of the step's inputs.
 */
export function inputsOf({ inputs }: ClosedStep, source: readonly TreeEntry[]): readonly TreeEntry[] {
  const names = new Set(inputs);
  const named = source.filter(({ path, type }) => type !== 'folder' && names.has(path));
  if (!named.some(({ type }) => type === 'link')) return named;
  const seen = withTargets(named, source);
  return source.filter(({ path }) => seen.has(path));
}

/** The paths of these entries, and of what links among them and behind them lead to. */
function withTargets(named: readonly TreeEntry[], source: readonly TreeEntry[]): ReadonlySet<string> {
  const entries = new Map(source.map((entry) => [entry.path, entry]));
  const seen = new Set<string>();
  const done = new Set<string>();
  const waiting = [...named];
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    const { path } = entry;
    if (done.has(path)) continue;
    done.add(path);
    seen.add(path);
    if (entry.type === 'folder') waiting.push(...source.filter((other) => other.path.startsWith(`${path}/`)));
    if (entry.type !== 'link') continue;
    const way = follow(entry, entries);
    for (const passed of way) seen.add(passed.path);
    waiting.push(...way.slice(-1));
  }
  return seen;
}

/** Folders and links on a link's way, and at last what lies at its end; as far as there is anything. */
function follow(link: Link, entries: ReadonlyMap<string, TreeEntry>): TreeEntry[] {
  const way: TreeEntry[] = [];
  const at = link.path.split('/').slice(0, -1);
  const ahead = link.target.split('/');
  let hops = 0;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '..') at.pop();
    if (part === '' || part === '.' || part === '..') continue;
    const entry = entries.get([...at, part].join('/'));
    if (entry === undefined) return way;
    way.push(entry);
    if (entry.type !== 'link') at.push(part);
    else if (++hops > MAX_HOPS) return way;
    else ahead.unshift(...entry.target.split('/'));
  }
  return way;
}

/** Of the config vars that a build is given those that the step gets: a closed one what it names, any other all. */
export function configOf(
  step: BuildStep,
  config: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!isClosed(step)) return config;
  const names = (step.config ?? []).filter((name) => Object.hasOwn(config, name));
  return Object.fromEntries([...names].sort().map((name) => [name, config[name] ?? '']));
}
