import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { commandOf, type Launch } from '../../../../../buildpacks/cnb/launch.js';
import { pathOf, type LayerName } from '../../../../../buildpacks/cnb/layers.js';
import { folders, type Part } from '../steps/archives.js';
import type { BuildContainers } from '../steps/containers.js';
import { statOf } from '../steps/stat.js';
import { carried, links, Meter, ownedBy } from './carry.js';
import type { FoundImage } from './images.js';
import { APP_DIR, LAUNCHER, LAYERS_DIR, LIFECYCLE_DIR } from './places.js';

export interface AssemblyParts {
  readonly containers: BuildContainers;
  /** In which the lifecycle has built. */
  readonly from: Docker.Container;
  /** What the image stands on. */
  readonly run: FoundImage;
  readonly platformApi: string;
  readonly launch: Launch;
  /** Those that dynos are to have. */
  readonly layers: readonly LayerName[];
  /** Of a slug, in bytes. */
  readonly limit: number;
  readonly now: number;
}

/** A container that holds what an image is to hold. */
export interface Filled {
  readonly container: Docker.Container;
  /** Bytes that were added. */
  readonly bytes: number;
  /** Hex SHA-256 of what was added, and of what it stands on. */
  readonly digest: string;
}

const ROOT = { uid: 0, gid: 0 };
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const CONFIG_DIR = `${LAYERS_DIR}/config`;
const SBOM_DIR = `${LAYERS_DIR}/sbom/launch`;

/**
 * Puts together the image of a build, as the specification asks it of an exporter; without slices, and without the labels of
 * images that another tool is to rebase. Nothing is in it but what lies in the folders that it has: no build environment.
 */
export class Assembly {
  constructor(private readonly parts: AssemblyParts) {}

  /** The launcher and the layers of buildpacks, which another source line mostly leaves as they are. */
  async layers(): Promise<Filled> {
    const { layers, run } = this.parts;
    const paths = [LAUNCHER, ...layers.map((layer) => `${LAYERS_DIR}/${pathOf(layer)}`)];
    const parents = [LIFECYCLE_DIR, ...layers.map(({ buildpack }) => `${LAYERS_DIR}/${buildpack}`)];
    const filled = await this.fill(run.id, { before: 0, parents, paths, more: [] });
    const key = ['cnb', 1, run.id, filled.digest];
    return { ...filled, digest: createHash('sha256').update(JSON.stringify(key)).digest('hex') };
  }

  /** The app and how it is started, on an image of the layers with so many bytes. */
  async app(below: string, before: number): Promise<Filled> {
    const { from, launch, now } = this.parts;
    const hasSbom = (await statOf(from, SBOM_DIR))?.kind === 'folder';
    const targets = launch.types.map((type): [string, string] => [commandOf(type).slice(1), LAUNCHER]);
    return this.fill(below, {
      before,
      parents: [LAYERS_DIR, ...(hasSbom ? [`${LAYERS_DIR}/sbom`] : []), '/cnb/process'],
      paths: [APP_DIR, CONFIG_DIR, ...(hasSbom ? [SBOM_DIR] : [])],
      more: [links(Object.fromEntries(targets), now)],
    });
  }

  private async fill(
    image: string,
    what: {
      readonly before: number;
      readonly parents: readonly string[];
      readonly paths: readonly string[];
      readonly more: readonly Part[];
    },
  ): Promise<Filled> {
    const { containers, from, limit, now } = this.parts;
    const meter = new Meter(limit, what.before);
    const container = await containers.forImage(image, this.env(), this.settings());
    await containers.fill(container, [
      ownedBy(
        ROOT,
        folders(
          what.parents.map((path) => path.slice(1)),
          now,
        ),
      ),
      ...what.paths.map((path) => carried(path, (at) => containers.read(from, at), meter)),
      ...what.more,
    ]);
    return { container, bytes: meter.bytes, digest: meter.digest() };
  }

  /** What the launcher is told by; the rest of the run image's environment stays. */
  private env(): string[] {
    const { run, platformApi } = this.parts;
    const path = run.env.find((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? USUAL_PATH;
    return [
      `PATH=/cnb/process:${LIFECYCLE_DIR}:${path}`,
      `CNB_LAYERS_DIR=${LAYERS_DIR}`,
      `CNB_APP_DIR=${APP_DIR}`,
      `CNB_PLATFORM_API=${platformApi}`,
      'CNB_DEPRECATION_MODE=quiet',
    ];
  }

  private settings() {
    const { run, launch } = this.parts;
    const entrypoint = launch.main === null ? LAUNCHER : commandOf(launch.main);
    return { Entrypoint: [entrypoint], Cmd: [], User: run.user, WorkingDir: APP_DIR };
  }
}
