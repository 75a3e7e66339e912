import { StepFailed } from '../../../build/step-failed.js';

/** One entry of the engine's list of what differs between a container and its image. */
export interface Change {
  /** Absolute. */
  readonly Path: string;
  /** 0: modified, 1: added, 2: deleted. */
  readonly Kind: number;
}

/** Far more than an app's dependencies have files. */
const MOST_CHANGES = 1_000_000;

/** The engine's answer; null: nothing changed. Throws StepFailed where the steps made too many files to go through. */
export function asChanges(answer: unknown): readonly Change[] {
  if (answer === null) return [];
  if (!Array.isArray(answer)) throw new Error('the engine’s list of changes is none');
  if (answer.length <= MOST_CHANGES) return answer as Change[];
  const message = `The build made or changed ${answer.length} files, more than the ${MOST_CHANGES} that it may.`;
  throw new StepFailed({ ok: false, reason: 'limit', message });
}

const DELETED = 2;
const ADDED = 1;
/** Beyond that many roots below one layer, the layer is read whole and sorted out on the way. */
const MOST_ROOTS = 40;

/** How the changes of a folder are carried over; paths are relative to it. */
export interface Changes {
  /** What is read from the container: files, links, and folders with all below. */
  readonly read: readonly string[];
  /** Is a path that was read among the changes? */
  readonly includes: (path: string) => boolean;
  /** What was in the image and is gone. */
  readonly removed: readonly string[];
}

/** For a root of which the image has nothing. */
export const everything: Changes = { read: [''], includes: () => true, removed: [] };

interface Node {
  kind: number | null;
  readonly children: Map<string, Node>;
}

/**
 * What changed below `root`. `layers` are folders of the image: a change of such a folder itself (its times, say) is none,
 * and what lies in one is looked at one by one.
 */
export function changesBelow(
  root: string,
  changes: readonly Change[],
  { layers, without }: { readonly layers: readonly string[]; readonly without: readonly string[] },
): Changes {
  const tree = treeOf(root, changes);
  const roots: string[] = [];
  const removed: string[] = [];
  const visit = (path: string, { kind, children }: Node): void => {
    if (isWithin(path, without)) return;
    if (kind === DELETED) removed.push(path);
    const onTheWay = [...layers, ...without].some((layer) => path === layer || layer.startsWith(`${path}/`));
    if (kind === DELETED && children.size === 0) return;
    if (!onTheWay && (kind === ADDED || kind === DELETED || children.size === 0)) roots.push(path);
    else for (const [name, child] of children) visit(`${path}/${name}`, child);
  };
  for (const [name, child] of tree.children) visit(name, child);
  const chosen = new Set(roots);
  return {
    read: collapsed(roots, layers),
    includes: (path) => lineage(path).some((p) => chosen.has(p)),
    removed,
  };
}

function treeOf(root: string, changes: readonly Change[]): Node {
  const tree: Node = { kind: null, children: new Map() };
  for (const { Path, Kind } of changes) {
    if (!Path.startsWith(`${root}/`)) continue;
    let node = tree;
    for (const name of Path.slice(root.length + 1).split('/')) {
      const child: Node = node.children.get(name) ?? { kind: null, children: new Map() };
      node.children.set(name, child);
      node = child;
    }
    node.kind = Kind;
  }
  return tree;
}

function collapsed(roots: readonly string[], layers: readonly string[]): string[] {
  const crowded = layers.filter(
    (layer) => roots.filter((path) => isWithin(path, [layer])).length > MOST_ROOTS,
  );
  return [...roots.filter((path) => !isWithin(path, crowded)), ...crowded];
}

/** Is the path one of the folders, or below one? */
export const isWithin = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** `a`, `a/b`, `a/b/c` */
function lineage(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
