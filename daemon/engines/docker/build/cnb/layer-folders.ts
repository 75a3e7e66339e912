import type Docker from 'dockerode';
import type { Builder } from '../../../../../buildpacks/cnb/builder-image.js';
import {
  layerOf,
  pathOf,
  readLayer,
  restoredToml,
  restoringOf,
  type Layer,
} from '../../../../../buildpacks/cnb/layers.js';
import { StepFailed } from '../../../build/step-failed.js';
import type { BuildOutput } from '../../../engine.js';
import { files, folders } from '../steps/archives.js';
import type { CommandRunner } from '../steps/command-runner.js';
import { cacheFolder } from '../steps/container-options.js';
import type { BuildContainers } from '../steps/containers.js';
import { ownedBy } from './carry.js';
import { fileIn } from './container-files.js';
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

/** Lists what describes layers below $1, each with a `d` where the layer's folder is there. */
const LIST = `cd "$1" 2>/dev/null || exit 0
for file in */*.toml */*.sbom.*; do
  if [ -f "$file" ] && [ ! -h "$file" ]; then
    folder=\${file%.toml}
    if [ -d "$folder" ] && [ ! -h "$folder" ]; then mark=d; else mark=-; fi
    printf '%s %s\\n' "$mark" "$file"
  fi
done`;

const COPYING = `for path; do
  mkdir -p "$to/\${path%/*}" && cp -a "$from/$path" "$to/$path" || exit 1
done`;

/** Copies paths from below $1 to below $2. */
const COPY = `from=$1 to=$2
shift 2
${COPYING}`;

/** As COPY, in place of all that was below $2 before: whenever it is cut off, $2 is whole, or not there. */
const REPLACE = `from=$1 kept=$2 to=$2.next
shift 2
rm -rf "$to" "$kept.old" && mkdir -p "$to" || exit 1
${COPYING}
if [ -d "$kept" ]; then mv "$kept" "$kept.old" || exit 1; fi
mv "$to" "$kept" && rm -rf "$kept.old"`;

/** Empties folders below $1. */
const CLEAR = 'cd "$1" && shift && rm -rf -- "$@"';

/**
 * The folders of layers in a build's container, and what is kept of them for the next build: as the specification has the
 * lifecycle's restorer and exporter do it, which want a registry for that, or the engine itself.
 */
export class LayerFolders {
  private saved: readonly FoundLayer[] = [];

  constructor(private readonly parts: LayerFoldersParts) {}

  /** Gives these buildpacks what they left in the cache. What cannot be restored is built anew. */
  async restore(folderNames: ReadonlySet<string>): Promise<void> {
    const { output, container, containers, builder, now } = this.parts;
    const listed = await this.list(this.kept);
    const found = await this.read(this.kept, listed);
    const saved = found.filter((layer) => folderNames.has(layer.buildpack));
    const stores = storesAmong(listed, folderNames);
    const whole = saved.filter((layer) => layer.isFolder && restoringOf(layer) === 'contents');
    const tomls = saved.filter((layer) => whole.includes(layer) || restoringOf(layer) === 'metadata');
    const paths = [
      ...stores,
      ...whole.map(pathOf),
      ...tomls.flatMap((layer) => layer.files.filter((path) => !path.endsWith('.toml'))),
    ];
    if (!(await this.copy(COPY, [this.kept, LAYERS_DIR], paths))) {
      output.warning('The cached layers could not be restored: all is built anew.');
      await this.sh(CLEAR, [LAYERS_DIR, ...folderNames]);
      return;
    }
    this.saved = saved;
    const texts = tomls.map((layer): [string, Buffer] => [
      `${LAYERS_DIR.slice(1)}/${pathOf(layer)}.toml`,
      Buffer.from(restoredToml(layer)),
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
    const all = await this.read(LAYERS_DIR, listed);
    const layers: FoundLayer[] = [];
    for (const layer of all.filter(({ buildpack }) => folderNames.has(buildpack)))
      layers.push(layer.launch && !layer.isFolder ? await this.reused(layer) : layer);
    return { layers, stores: storesAmong(listed, folderNames) };
  }

  /** Keeps what the next build is to find; an earlier build's goes. */
  async save({ layers, stores }: FoundLayers): Promise<void> {
    const kept = layers.filter((layer) => layer.isFolder && restoringOf(layer) !== 'nothing');
    const paths = [...stores, ...kept.flatMap((layer) => [pathOf(layer), ...layer.files])];
    if (await this.copy(REPLACE, [LAYERS_DIR, this.kept], paths)) return;
    this.parts.output.warning('The layers could not be kept: the next build makes them anew.');
  }

  private async reused(layer: FoundLayer): Promise<FoundLayer> {
    const before = this.saved.find((one) => pathOf(one) === pathOf(layer));
    const isKept = before?.isFolder === true && before.launch && !layer.cache;
    if (isKept && (await this.copy(COPY, [this.kept, LAYERS_DIR], [pathOf(layer)])))
      return { ...layer, isFolder: true };
    throw new StepFailed({
      ok: false,
      reason: 'command',
      message: `The buildpack ${layer.buildpack} wants its layer ${layer.layer} again, which no earlier build has left.`,
      hint: 'Have all built anew: `DELETE /apps/APP/build-cache`, which is `heroku builds:cache:purge`, and push again.',
    });
  }

  private get kept(): string {
    return `${cacheFolder(this.parts.cache)}/layers`;
  }

  private async read(root: string, listed: readonly Listed[]): Promise<FoundLayer[]> {
    const { container, containers } = this.parts;
    const layers: FoundLayer[] = [];
    for (const { path, isFolder } of listed) {
      const name = layerOf(path);
      if (name === null) continue;
      const text = await fileIn(containers, container, `${root}/${path}`);
      const layer = text === null ? null : readLayer(name, text);
      if (layer === null) continue;
      const own = listed.map((other) => other.path).filter((other) => isOf(other, pathOf(name)));
      layers.push({ ...layer, isFolder, files: own });
    }
    return layers;
  }

  private async list(root: string): Promise<Listed[]> {
    const listed: Listed[] = [];
    const line = (text: string): void => {
      const [, mark, path] = /^([d-]) (.+)$/.exec(text) ?? [];
      if (path !== undefined) listed.push({ path, isFolder: mark === 'd' });
    };
    const why = await this.sh(LIST, [root], line);
    if (why !== null) throw new Error(`listing the layers of a build ${why}`);
    if (listed.length > MOST_FILES) {
      const message = `The buildpacks describe ${listed.length} layers, more than the ${MOST_FILES} that they may.`;
      throw new StepFailed({ ok: false, reason: 'limit', message });
    }
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
