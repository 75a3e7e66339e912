import type Docker from 'dockerode';
import ignore from 'ignore';
import { treeSize, type TreeEntry } from '../../../../shared/tree.js';
import { refuseLarge } from '../../../build/slug-limit.js';
import { StepFailed } from '../../../build/step-failed.js';
import { below, folders, repacked, tree, type Part } from './archives.js';
import { asChanges, changesBelow, everything, isWithin, type Changes } from './changes.js';
import { APP } from './container-options.js';
import type { BuildContainers } from './containers.js';
import { runInside } from './exec.js';
import { BEYOND_SLUG, type Layers } from './layers.js';

const APP_NAME = APP.slice(1);
/** Of all arguments together; far below what any kernel takes. */
const MOST_ARGUMENT_BYTES = 60_000;

export interface WorkspaceOptions {
  readonly docker: Docker;
  readonly containers: BuildContainers;
  /** The PATH of the base image, in which nothing of the app is. */
  readonly path: string;
  readonly source: { readonly dir: string; readonly entries: readonly TreeEntry[] };
  /** What every container for steps gets besides the app. */
  readonly equipment: readonly Part[];
  readonly now: number;
  /** Ends the build. */
  readonly signal: AbortSignal;
  /** Of a slug, in bytes. */
  readonly limit: number;
}

interface Carrying {
  readonly keep: (path: string, isFolder: boolean) => boolean;
  /** Throws when these are too many bytes, of files so far. */
  readonly weigh: (bytes: number) => void;
}

/**
 * The container in which the steps work that see the whole tree: the source, on an image with the layers. When layers are
 * replaced under the steps' feet (by pruning), what steps changed comes along on top of the new ones.
 */
export class Workspace {
  private current: { readonly container: Docker.Container; readonly layers: Layers } | null = null;
  /** Folders that a step made anew and that have become layers since: changes to older ones are void. */
  private readonly void = new Set<string>();

  constructor(private readonly options: WorkspaceOptions) {}

  /** A running container with the tree, on the layers as they now are. */
  async prepare(layers: Layers): Promise<Docker.Container> {
    if (this.current?.layers.image === layers.image) return this.current.container;
    const { containers, equipment } = this.options;
    const container = await containers.forSteps(layers.image);
    if (this.current === null) {
      await containers.fill(container, [...equipment, this.sourceBeside(layers)]);
      await containers.start(container);
    } else {
      await containers.fill(container, equipment);
      await containers.start(container);
      await this.carryOver(container, {
        keep: () => true,
        weigh: (bytes) => refuseLarge(bytes, this.options.limit * BEYOND_SLUG),
      });
      this.void.clear();
    }
    this.current = { container, layers };
    return container;
  }

  /** The layers that are to replace what is in the workspace were taken from it. */
  forget(paths: readonly string[]): void {
    for (const path of paths) this.void.add(path);
  }

  /**
   * Brings the tree, but for what `exclude` names, onto an image's container, which has `size` bytes of the slug already.
   * Answers the bytes of its files. Rejects with StepFailed as soon as they are beyond the slug's limit.
   */
  async finish(target: Docker.Container, exclude: readonly string[], size: number): Promise<number> {
    const { containers, source, now, limit } = this.options;
    const rules = ignore().add([...exclude]);
    const keep = (path: string, isFolder: boolean) => !rules.ignores(isFolder ? `${path}/` : path);
    const weigh = (bytes: number) => refuseLarge(size + bytes, limit);
    if (this.current !== null) return this.carryOver(target, { keep, weigh });
    const entries = source.entries.filter(({ path, type }) => keep(path, type === 'folder'));
    weigh(treeSize(entries));
    await containers.fill(target, [
      folders([APP_NAME], now),
      tree(source.dir, entries, { to: APP_NAME, now }),
    ]);
    return treeSize(entries);
  }

  private sourceBeside({ paths }: Layers): Part {
    const { source, now } = this.options;
    const entries = source.entries.filter(({ path }) => !isWithin(path, paths));
    return tree(source.dir, entries, { to: APP_NAME, now });
  }

  private async carryOver(target: Docker.Container, { keep, weigh }: Carrying): Promise<number> {
    if (this.current === null) return 0;
    const { container, layers } = this.current;
    const { containers, now } = this.options;
    await containers.end(container);
    const changes = await this.changesIn(container, layers);
    await this.removeFrom(target, changes.removed);
    let bytes = 0;
    const counted = (more: number) => {
      bytes += more;
      weigh(bytes);
    };
    const parts = changes.read.map((path) =>
      repacked(below(APP_NAME, path), (from) => containers.read(container, `/${from}`), {
        now,
        keep: (name, isFolder) => kept(name.slice(APP_NAME.length + 1), isFolder, { changes, keep }),
        counted,
      }),
    );
    await containers.fill(target, [folders([APP_NAME], now), ...parts]);
    await containers.remove(container);
    return bytes;
  }

  private async changesIn(container: Docker.Container, { paths }: Layers): Promise<Changes> {
    // The engine compares the whole image for its list, which takes a while.
    if (paths.length === 0 && this.void.size === 0) return everything;
    const changes: unknown = await container.changes();
    return changesBelow(APP, asChanges(changes), { layers: paths, without: [...this.void] });
  }

  /** Only a running container can be told to remove files. */
  private async removeFrom(target: Docker.Container, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const { docker, containers, path, signal } = this.options;
    await containers.start(target);
    for (const some of inPieces(paths)) {
      const said: string[] = [];
      const end = await runInside(docker, target, {
        argv: ['rm', '-rf', '--', ...some],
        // The container's own PATH may begin with folders of the app.
        env: { PATH: path },
        line: (text) => said.push(text),
        printed: () => undefined,
        signal,
      });
      if (end.kind !== 'exited') throw new Error(`removing files from an image did not end: ${end.kind}`);
      if (end.code !== 0) throw notRemoved(said[0] ?? `rm exited with status ${end.code}`);
    }
  }
}

function kept(
  path: string,
  isFolder: boolean,
  {
    changes,
    keep,
  }: { readonly changes: Changes; readonly keep: (path: string, isFolder: boolean) => boolean },
): boolean {
  return path === '' || (changes.includes(path) && keep(path, isFolder));
}

function notRemoved(why: string): StepFailed {
  const message = `What the build removed could not be taken out of its slug: ${why}`;
  return new StepFailed({ ok: false, reason: 'command', message });
}

function inPieces(paths: readonly string[]): string[][] {
  const pieces: string[][] = [];
  let bytes = Infinity;
  for (const path of paths) {
    bytes += Buffer.byteLength(path) + 1;
    if (bytes > MOST_ARGUMENT_BYTES) {
      pieces.push([]);
      bytes = Buffer.byteLength(path) + 1;
    }
    pieces.at(-1)?.push(path);
  }
  return pieces;
}
