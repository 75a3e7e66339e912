import type Docker from 'dockerode';
import type { BuildpackRelease } from '../../../../../buildpacks/classic/release.js';
import type { Clock } from '../../../../shared/clock.js';
import type { Logger } from '../../../../shared/logger.js';
import type { TreeEntry } from '../../../../shared/tree.js';
import { leftOutBy } from '../../../build/left-out.js';
import { refuseLarge } from '../../../build/slug-limit.js';
import type { Watch } from '../../../build/watch.js';
import type { Artifact, BuildRequest } from '../../../engine.js';
import { LABEL, type Names } from '../../names.js';
import type { BaseImage, Bases } from '../base-images.js';
import { IMAGE_LABEL, releaseLabels } from '../labels.js';
import type { BuildNetwork } from '../network.js';
import { files, folders, type Part } from './archives.js';
import { handOver, type HandedOver } from './build-env.js';
import { Buildpacks, buildpackParts } from './buildpacks.js';
import { CommandRunner, HOME_CACHE } from './command-runner.js';
import { APP, cacheFolder, type BuildResources } from './container-options.js';
import { BuildContainers } from './containers.js';
import { KeyedImages, forSlug } from './keyed-images.js';
import { bare, LayerImages, type Layers } from './layers.js';
import { Steps } from './steps.js';
import { ToolImages } from './tools.js';
import { Workspace } from './workspace.js';

export interface PlanBuild {
  readonly request: BuildRequest;
  readonly bases: Bases;
  /** Of the app's step keys. */
  readonly salt: string;
  readonly source: readonly TreeEntry[];
  /** What the slug is named by. */
  readonly key: string;
  readonly watch: Watch;
  readonly uses: (key: string) => void;
}

export interface Built {
  readonly artifact: Artifact;
  readonly release: BuildpackRelease | null;
}

export interface PlanBuilderOptions {
  readonly docker: Docker;
  readonly names: Names;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly network: BuildNetwork;
  readonly resources: BuildResources;
}

/** Makes a slug image of a plan of steps. */
export class PlanBuilder {
  private readonly images: KeyedImages;

  constructor(private readonly options: PlanBuilderOptions) {
    this.images = new KeyedImages(options.docker, options.names);
  }

  /** Rejects with StepFailed for the app's fault, and when the watch ends the build. */
  async build(build: PlanBuild): Promise<Built> {
    const containers = this.containersOf(build);
    try {
      return await this.execute(build, containers);
    } finally {
      await containers.dispose();
    }
  }

  private async execute(build: PlanBuild, containers: BuildContainers): Promise<Built> {
    const { request, bases, source, watch } = build;
    const now = this.options.clock.now();
    const handedOver = await this.handOver(request);
    const equipment = [...this.equipment(request, handedOver, now), ...(await buildpackParts(request, now))];
    const { docker, names, resources } = this.options;
    const { images } = this;
    const made: string[] = [];
    const uses = (key: string): void => {
      made.push(key);
      build.uses(key);
    };
    const toolImages = new ToolImages({ images, names, containers, uses });
    const base = await toolImages.equip(bases.build, bases.tools);
    const workspace = new Workspace({
      docker,
      containers,
      equipment,
      now,
      path: base.path,
      signal: watch.signal,
      limit: request.limits.slugBytes,
      source: { dir: request.sourceDir, entries: source },
    });
    const limit = request.limits.slugBytes;
    const commands = new CommandRunner({ docker, watch, resources, ...request, env: handedOver.env });
    const buildpacks = new Buildpacks(request, commands);
    const layerImages = new LayerImages({ images, names, base, containers, now, limit });
    const steps = new Steps({
      ...build,
      base,
      now,
      equipment,
      workspace,
      containers,
      layers: layerImages,
      commands,
      buildpacks,
    });
    const { layers: all, keys } = await steps.run();
    // A layer of an image cannot be taken out from below others: it is all of them or none.
    const layers = all.paths.every(leftOutBy(request.plan.exclude)) ? bare(base) : all;
    watch.refuseStopped();
    const launch =
      bases.launch.id === bases.build.id ? base : await toolImages.equip(bases.launch, bases.tools);
    const launched = await layerImages.moved(layers, launch);
    const { release } = buildpacks.phases;
    if (launched.key !== null) uses(launched.key);
    const kept = [...new Set([...keys, ...made])];
    return this.finish(build, { containers, workspace, launch, layers: launched, keys: kept, release });
  }

  private async finish(
    { request, key, watch }: PlanBuild,
    made: {
      readonly containers: BuildContainers;
      readonly workspace: Workspace;
      /** What dynos run on, and the layers on it. */
      readonly launch: BaseImage;
      readonly layers: Layers;
      readonly keys: readonly string[];
      readonly release: BuildpackRelease | null;
    },
  ): Promise<Built> {
    const { containers, workspace, launch, layers, keys, release } = made;
    const { plan, limits } = request;
    refuseLarge(layers.size, limits.slugBytes);
    const target = await forSlug(containers, layers.image, { base: launch, path: plan.launchPath });
    const size = layers.size + (await workspace.finish(target, plan.exclude, layers.size));
    watch.refuseStopped();
    await this.images.commit(target, {
      kind: 'slug',
      key,
      ref: this.options.names.slugImage(key),
      parent: layers.image,
      size,
      labels: {
        [LABEL.app]: request.appId,
        [IMAGE_LABEL.layers]: keys.join(','),
        ...releaseLabels(release),
      },
    });
    return { artifact: { engine: 'docker', id: key, size }, release };
  }

  private containersOf({ request, watch }: PlanBuild): BuildContainers {
    const { docker, names, network, logger, resources } = this.options;
    const { appId, buildId } = request;
    return new BuildContainers({
      docker,
      names,
      appId,
      buildId,
      network,
      logger,
      resources,
      caches: cachesOf(request),
      signal: watch.signal,
    });
  }

  private async handOver({ env, plan, output }: BuildRequest): Promise<HandedOver> {
    if (plan.steps.length === 0) return { env: {}, files: new Map(), warnings: [] };
    const handedOver = await handOver(env);
    for (const warning of handedOver.warnings) output.warning(warning);
    return handedOver;
  }

  /** Folders that the app's user may write to, and the host's files. */
  private equipment(request: BuildRequest, { files: copies }: HandedOver, now: number): readonly Part[] {
    const caches = cachesOf(request).map((cache) => cacheFolder(cache).slice(1));
    return [folders([APP.slice(1), ...caches], now), files(copies, now)];
  }
}

function cachesOf({ plan }: BuildRequest): string[] {
  return [...new Set([HOME_CACHE, ...plan.steps.flatMap(({ caches }) => Object.keys(caches))])];
}
