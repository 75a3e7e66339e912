import { isClosed, type BuildStep, type ClosedStep } from '../../../buildpacks/plan.js';
import type { TreeEntry } from '../../shared/tree.js';
import { StepFailed } from './step-failed.js';

type Link = TreeEntry & { readonly type: 'link' };

const MAX_HOPS = 40;
/** Of one step's links, all together: the names that their ways pass. */
const MAX_PASSED = 100_000;

/**
 * What a closed step finds of the source, in the source's order: the files that it names, and where one of them is a link all
 * that this leads to. So a change behind a link is a change of the step's inputs. Throws StepFailed where links lead on and on.
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
  const children = byFolder(source);
  const passed = { names: 0 };
  const seen = new Set<string>();
  const done = new Set<string>();
  const waiting = [...named];
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    const { path } = entry;
    if (done.has(path)) continue;
    done.add(path);
    seen.add(path);
    if (entry.type === 'folder') for (const child of children.get(path) ?? []) waiting.push(child);
    if (entry.type !== 'link') continue;
    const way = follow(entry, entries, passed);
    for (const { path: met } of way) seen.add(met);
    waiting.push(...way.slice(-1));
  }
  return seen;
}

/** What lies in each folder itself. */
function byFolder(source: readonly TreeEntry[]): ReadonlyMap<string, readonly TreeEntry[]> {
  const children = new Map<string, TreeEntry[]>();
  for (const entry of source) {
    const folder = entry.path.slice(0, Math.max(entry.path.lastIndexOf('/'), 0));
    const known = children.get(folder);
    if (known) known.push(entry);
    else children.set(folder, [entry]);
  }
  return children;
}

/** Folders and links on a link's way, and at last what lies at its end; as far as there is anything. */
function follow(link: Link, entries: ReadonlyMap<string, TreeEntry>, passed: { names: number }): TreeEntry[] {
  const way: TreeEntry[] = [];
  const at = link.path.split('/').slice(0, -1);
  const ahead = link.target.split('/');
  let hops = 0;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (++passed.names > MAX_PASSED) throw tooFar(link);
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

const tooFar = ({ path }: Link): StepFailed =>
  new StepFailed({
    ok: false,
    reason: 'limit',
    message: `Too many symbolic links of the source lead on to others: by ${JSON.stringify(path)} they have passed ${MAX_PASSED} names.`,
    hint: 'Put files in the place of links, in the folders that links lead to above all, and push again.',
  });

/** Of the config vars that a build is given those that the step gets: a closed one what it names, any other all. */
export function configOf(
  step: BuildStep,
  config: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!isClosed(step)) return config;
  const names = (step.config ?? []).filter((name) => Object.hasOwn(config, name));
  return Object.fromEntries([...names].sort().map((name) => [name, config[name] ?? '']));
}
