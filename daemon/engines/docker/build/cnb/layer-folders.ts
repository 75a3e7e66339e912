import type Docker from 'dockerode';
import type { Builder } from '../../../../../buildpacks/cnb/builder-image.js';
import {
  layerOf,
  pathOf,
  readLayer,
  restoredToml,
  restoringOf,
  type DescribedLayer,
  type Layer,
} from '../../../../../buildpacks/cnb/layers.js';
import { StepFailed } from '../../../build/step-failed.js';
import { inMegabytes } from '../../../build/watch.js';
import type { BuildOutput } from '../../../engine.js';
import { files, folders } from '../steps/archives.js';
import type { CommandRunner } from '../steps/command-runner.js';
import { cacheFolder } from '../steps/container-options.js';
import type { BuildContainers } from '../steps/containers.js';
import { ownedBy } from './carry.js';
import { fileIn } from './container-files.js';
import { CLEAR, COPY, LIST, REPLACE } from './layer-scripts.js';
import { runsAs } from './phases.js';
import { LAYERS_DIR } from './places.js';

export interface LayerFoldersParts {
  readonly builder: Builder;
  readonly container: Docker.Container;
  readonly containers: BuildContainers;
  readonly commands: CommandRunner;
  readonly output: BuildOutput;
  /** Of the volume that the app's builds by this builder share. */
  readonly cache: string;
  readonly now: number;
}

/** A layer, and whether there is anything in it. */
export interface FoundLayer extends Layer {
  readonly isFolder: boolean;
  /** Its own files beside it, by their paths: what it is, and what is in it. */
  readonly files: readonly string[];
}

export interface FoundLayers {
  readonly layers: readonly FoundLayer[];
  /** Paths of what buildpacks keep for themselves from build to build. */
  readonly stores: readonly string[];
}

/**
 * The folders of layers in a build's container, and what is kept of them for the next build: as the specification has the
 * lifecycle's restorer and exporter do it, which want a registry for that, or the engine itself.
 */
export class LayerFolders {
  private saved: readonly SavedLayer[] = [];

  constructor(private readonly parts: LayerFoldersParts) {}

  /** Gives these buildpacks what they left in the cache. What cannot be restored is built anew. */
  async restore(folderNames: ReadonlySet<string>): Promise<void> {
    const { output, container, containers, builder, now } = this.parts;
    const { saved, stores } = await this.kept(folderNames);
    const whole = saved.filter((layer) => layer.isFolder && restoringOf(layer) === 'contents');
    const tomls = saved.filter((layer) => whole.includes(layer) || restoringOf(layer) === 'metadata');
    const paths = [
      ...stores,
      ...whole.map(pathOf),
      ...tomls.flatMap((layer) => layer.files.filter((path) => !path.endsWith('.toml'))),
    ];
    if (!(await this.copy(COPY, [this.cached, LAYERS_DIR], paths))) {
      output.warning('The cached layers could not be restored: all is built anew.');
      await this.sh(CLEAR, [LAYERS_DIR, ...folderNames]);
      return;
    }
    this.saved = saved;
    const texts = tomls.map((layer): [string, Buffer] => [
      `${LAYERS_DIR.slice(1)}/${pathOf(layer)}.toml`,
      Buffer.from(layer.toml),
    ]);
    const made = tomls.map(({ buildpack }) => `${LAYERS_DIR.slice(1)}/${buildpack}`);
    await containers.fill(container, [
      ownedBy(builder.user, folders([...new Set(made)], now)),
      ownedBy(builder.user, files(new Map(texts), now)),
    ]);
    if (whole.length > 0) output.detail(`Restored from the cache: ${whole.map(pathOf).join(', ')}`);
  }

  /** What the build left, of these buildpacks; with what is in a layer that a buildpack asks for unseen. */
  async found(folderNames: ReadonlySet<string>): Promise<FoundLayers> {
    const listed = await this.list(LAYERS_DIR);
    const all: FoundLayer[] = [];
    for await (const { layer } of this.described(LAYERS_DIR, listed, folderNames)) all.push(layer);
    const layers: FoundLayer[] = [];
    for (const layer of all) layers.push(layer.launch && !layer.isFolder ? await this.reused(layer) : layer);
    return { layers, stores: storesAmong(listed, folderNames) };
  }

  /** Keeps what the next build is to find; an earlier build's goes. */
  async save({ layers, stores }: FoundLayers): Promise<void> {
    const kept = layers.filter((layer) => layer.isFolder && restoringOf(layer) !== 'nothing');
    const paths = [...stores, ...kept.flatMap((layer) => [pathOf(layer), ...layer.files])];
    if (await this.copy(REPLACE, [LAYERS_DIR, this.cached], paths)) return;
    this.parts.output.warning('The layers could not be kept: the next build makes them anew.');
  }

  private async reused(layer: FoundLayer): Promise<FoundLayer> {
    const before = this.saved.find((one) => pathOf(one) === pathOf(layer));
    const isKept = before?.isFolder === true && before.launch && !layer.cache;
    if (isKept && (await this.copy(COPY, [this.cached, LAYERS_DIR], [pathOf(layer)])))
      return { ...layer, isFolder: true };
    throw new StepFailed({
      ok: false,
      reason: 'command',
      message: `The buildpack ${layer.buildpack} wants its layer ${layer.layer} again, which no earlier build has left.`,
      hint: 'Have all built anew: `DELETE /apps/APP/build-cache`, which is `heroku builds:cache:purge`, and push again.',
    });
  }

  private get cached(): string {
    return `${cacheFolder(this.parts.cache)}/layers`;
  }

  /** What is in the cache of these buildpacks; nothing, where it is more than a build may leave. */
  private async kept(folderNames: ReadonlySet<string>): Promise<Kept> {
    const saved: SavedLayer[] = [];
    let left = MOST_BYTES;
    try {
      const listed = await this.list(this.cached);
      for await (const { layer, metadata } of this.described(this.cached, listed, folderNames)) {
        const toml = restoredToml({ metadata });
        left -= toml?.length ?? 0;
        if (left < 0) throw tooDescribed();
        if (toml !== null) saved.push({ ...layer, toml });
      }
      return { saved, stores: storesAmong(listed, folderNames) };
    } catch (error) {
      if (!(error instanceof StepFailed) || error.fault.reason !== 'limit') throw error;
      this.parts.output.warning(`The cached layers are not restored: all is built anew. ${error.message}`);
      return { saved: [], stores: [] };
    }
  }

  /** One by one, so that only one's metadata is there at a time. Rejects with StepFailed where they are too much in all. */
  private async *described(
    root: string,
    listed: readonly Listed[],
    folderNames: ReadonlySet<string>,
  ): AsyncGenerator<Described> {
    const { container, containers } = this.parts;
    let left = MOST_BYTES;
    for (const { path, isFolder } of listed) {
      const name = layerOf(path);
      if (name === null || !folderNames.has(name.buildpack)) continue;
      const text = await fileIn(containers, container, `${root}/${path}`);
      left -= Buffer.byteLength(text ?? '');
      if (left < 0) throw tooDescribed();
      const described = text === null ? null : readLayer(name, text);
      if (described === null) continue;
      const files = listed.map((other) => other.path).filter((other) => isOf(other, pathOf(name)));
      const { metadata, ...layer } = described;
      yield { layer: { ...layer, isFolder, files }, metadata };
    }
  }

  private async list(root: string): Promise<Listed[]> {
    const listed: Listed[] = [];
    const line = (text: string): void => {
      const [, mark, path] = /^([d-]) (.+)$/.exec(text) ?? [];
      if (path !== undefined && listed.length <= MOST_FILES) listed.push({ path, isFolder: mark === 'd' });
    };
    const why = await this.sh(LIST, [root], line);
    if (why !== null) throw new Error(`listing the layers of a build ${why}`);
    if (listed.length > MOST_FILES) throw tooMuch(`more than ${MOST_FILES} files that describe layers`);
    return listed;
  }

  private async copy(
    script: string,
    [from, to]: readonly [string, string],
    paths: readonly string[],
  ): Promise<boolean> {
    if (paths.length === 0 && script === COPY) return true;
    return (await this.sh(script, [from, to, ...paths])) === null;
  }

  private sh(
    script: string,
    args: readonly string[],
    line: (text: string) => void = () => undefined,
  ): Promise<string | null> {
    const { commands, container, builder } = this.parts;
    return commands.command(['/bin/sh', '-c', script, 'sh', ...args], {
      what: 'The layers of the build',
      container,
      as: runsAs(builder),
      env: {},
      line,
    });
  }
}

/** Each is asked for by itself; buildpacks have a few dozen. */
const MOST_FILES = 1000;
/** Of all of them: far more than what describes layers, and little for tfkd to have at once. */
const MOST_BYTES = 4 * 1024 * 1024;

const tooMuch = (what: string): StepFailed =>
  new StepFailed({ ok: false, reason: 'limit', message: `The buildpacks left ${what}.` });

const tooDescribed = (): StepFailed => tooMuch(`more than ${inMegabytes(MOST_BYTES)} that describe layers`);

/** A layer in the cache, with the `<layer>.toml` that its buildpack finds. */
interface SavedLayer extends FoundLayer {
  readonly toml: string;
}

interface Kept extends Pick<FoundLayers, 'stores'> {
  readonly saved: readonly SavedLayer[];
}

interface Described extends Pick<DescribedLayer, 'metadata'> {
  readonly layer: FoundLayer;
}

interface Listed {
  readonly path: string;
  readonly isFolder: boolean;
}

const isOf = (path: string, layer: string): boolean =>
  path === `${layer}.toml` || path.startsWith(`${layer}.sbom.`);

const storesAmong = (listed: readonly Listed[], folderNames: ReadonlySet<string>): string[] =>
  listed
    .map(({ path }) => path)
    .filter((path) => {
      const [folder = '', file] = path.split('/');
      return file === 'store.toml' && folderNames.has(folder);
    });
