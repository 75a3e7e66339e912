import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import type { BuildPlan, PlannedBuilder } from '../../../../buildpacks/plan.js';
import type { Clock } from '../../../shared/clock.js';
import { newId } from '../../../shared/ids.js';
import type { Logger } from '../../../shared/logger.js';
import { scanTree, treeDigest, type TreeEntry } from '../../../shared/tree.js';
import { StepFailed } from '../../build/step-failed.js';
import { Watch } from '../../build/watch.js';
import type { Artifact, BuildRequest, BuildResult, LocalImage } from '../../engine.js';
import type { DockerClient } from '../client.js';
import type { Names } from '../names.js';
import { BaseImages, type Bases } from './base-images.js';
import { Caches } from './caches.js';
import { CnbBuilder } from './cnb/cnb-builder.js';
import { BuilderSupply, type BuilderImages } from './cnb/images.js';
import { DockerfileBuilder } from './dockerfile/builder.js';
import { commandLine, type ImageConfig } from './dockerfile/facts.js';
import { inOurWords } from './failure.js';
import { GarbageCollector } from './garbage.js';
import { imageNamed, isFor } from './image-named.js';
import { IMAGE_LABEL, releaseOf } from './labels.js';
import { BuildNetwork } from './network.js';
import { packed } from './pack.js';
import type { BuildResources } from './steps/container-options.js';
import { KeyedImages, type MadeImage } from './steps/keyed-images.js';
import { slugKey } from './steps/keys.js';
import { PlanBuilder, type Built, type PlanBuilderOptions } from './steps/plan-builder.js';
import { RunningBuilds, type Using } from './using.js';

export interface DockerBuilderOptions {
  readonly client: DockerClient;
  readonly names: Names;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `$TFK_HOME` */
  readonly home: string;
  /** Images by the language of a runtime, `{ node: 'mirror/node:22', none: … }`; official ones where a language is not named. */
  readonly baseImages: Readonly<Record<string, string | null | undefined>>;
  /** What one build may take; by the machine's size if left out. */
  readonly resources?: BuildResources;
}

const MOST: BuildResources = { memoryBytes: 4 * 1024 ** 3, pids: 2048 };

/** Builds on a Docker engine: steps in containers, users' Dockerfiles by the engine's own builder, slugs and layers as images. */
export class DockerBuilder {
  private readonly bases: BaseImages;
  private readonly builders: BuilderSupply;
  private readonly network: BuildNetwork;
  private readonly caches: Caches;
  private readonly garbage: GarbageCollector;
  private readonly builds = new RunningBuilds();
  private resources: Promise<BuildResources> | undefined;
  private recovered: Promise<void> | undefined;

  constructor(private readonly options: DockerBuilderOptions) {
    const { builds, options: parts } = this;
    this.bases = new BaseImages({ ...parts, configured: parts.baseImages });
    this.builders = new BuilderSupply({ ...parts, supply: this.bases });
    this.network = new BuildNetwork(parts);
    this.caches = new Caches(parts);
    this.garbage = new GarbageCollector({ ...parts, builds, network: this.network, caches: this.caches });
  }

  /** As Engine.runtimeOf: for a plan of steps the id of its base image, or `missing <image>`. */
  runtimeOf(plan: BuildPlan): Promise<string> {
    if (plan.builder) return this.builders.runtimeOf(plan.builder);
    return plan.images.length > 0 ? this.dockerfiles().runtimeOf(plan) : this.bases.runtimeOf(plan);
  }

  /** As Engine.build. */
  async build(request: BuildRequest): Promise<BuildResult> {
    await this.recover();
    const using = this.builds.start(request.buildId);
    const watch = new Watch(request);
    const { images, builder } = request.plan;
    try {
      if (images.length > 0) return await this.fromDockerfiles(request, watch, using);
      const built = builder
        ? await this.byBuilder(request, builder, { watch, using })
        : await this.fromSteps(request, watch, using);
      return { ok: true, ...built, image: null };
    } catch (error) {
      return faultOf(error, watch);
    } finally {
      using.end();
    }
  }

  /** As Engine.hasArtifact. */
  async hasArtifact(artifact: Artifact): Promise<boolean> {
    return (await this.find(artifact.id)) !== null;
  }

  /** As Engine.pack. */
  async pack(artifact: Artifact): Promise<Readable> {
    const docker = await this.docker();
    const using = this.builds.start(`pack-${newId()}`);
    using.add(artifact.id);
    try {
      return await packed(artifact, {
        docker,
        using,
        names: this.options.names,
        resources: await this.resourcesOf(docker),
      });
    } catch (error) {
      using.end();
      throw inOurWords(error);
    }
  }

  /** As Engine.imageOf. */
  async imageOf(ref: string, appId: string): Promise<LocalImage | null> {
    const image = await imageNamed(await this.docker(), ref);
    if (image === null || !isFor(appId, image, this.options.names)) return null;
    const config = image.Config as ImageConfig;
    return {
      id: image.Id,
      architecture: image.Architecture,
      command: commandLine(config),
      hasTriggers: (config.OnBuild ?? []).length > 0,
    };
  }

  /** As Engine.collectGarbage: must be given all artifacts that any release or slug row names. */
  collectGarbage(keep: readonly Artifact[]): Promise<number> {
    return this.garbage.collect(keep);
  }

  /** As Engine.purgeCache. */
  purgeCache(appId: string): Promise<void> {
    return this.caches.purge(appId);
  }

  /** Removes the containers of builds that an earlier tfkd began; done once, at the latest before the first build. */
  recover(): Promise<void> {
    this.recovered ??= this.removeLeftovers().catch((error: unknown) => {
      this.recovered = undefined;
      throw error;
    });
    return this.recovered;
  }

  private async fromSteps(request: BuildRequest, watch: Watch, using: Using): Promise<Built> {
    const { plan, output } = request;
    const bases = await this.bases.forPlan(plan, output, watch.signal);
    for (const line of usedImages(bases)) output.detail(line);
    const salt = await this.caches.saltOf(request.appId);
    return this.unlessBuilt({ request, runtime: idsOf(bases), salt, using }, async ({ key, source }) => {
      const builder = new PlanBuilder(await this.makerParts());
      return builder.build({ request, bases, salt, source, key, watch, uses: using.add });
    });
  }

  private async byBuilder(
    request: BuildRequest,
    planned: PlannedBuilder,
    { watch, using }: { readonly watch: Watch; readonly using: Using },
  ): Promise<Built> {
    const images = await this.builders.obtain(planned, request, watch.signal);
    const { image, run, builder } = images;
    for (const line of usedBuilder(images)) request.output.detail(line);
    const salt = await this.caches.saltOf(request.appId);
    const runtime = `${image.id} ${run.id} ${builder.platformApi}`;
    return this.unlessBuilt({ request, runtime, salt, using }, async ({ key, source }) => {
      const maker = new CnbBuilder(await this.makerParts());
      return maker.build({ request, planned, images, source, key, watch, uses: using.add });
    });
  }

  /** What was built of the same before, or now is. */
  private async unlessBuilt(
    what: {
      readonly request: BuildRequest;
      readonly runtime: string;
      readonly salt: string;
      readonly using: Using;
    },
    build: (made: { readonly key: string; readonly source: readonly TreeEntry[] }) => Promise<Built>,
  ): Promise<Built> {
    const { plan, sourceDir, config, configKey, appId } = what.request;
    const source = await scanTree(sourceDir);
    const key = slugKey(plan, { ...what, source: treeDigest(source), config: configKey(config) });
    what.using.add(key);
    const known = await this.find(key);
    const said = known && releaseOf(known.labels);
    if (said) return { artifact: { engine: 'docker', id: key, size: known.size }, ...said };
    await this.caches.used(appId);
    return build({ key, source });
  }

  private async makerParts(): Promise<PlanBuilderOptions> {
    const { names, clock, logger } = this.options;
    const docker = await this.docker();
    const resources = await this.resourcesOf(docker);
    return { docker, names, clock, logger, resources, network: this.network };
  }

  /** Not looked up by its key: the builder of Dockerfiles has a cache of its own, and tells what the image brings along. */
  private async fromDockerfiles(request: BuildRequest, watch: Watch, using: Using): Promise<BuildResult> {
    const { plan, appId, sourceDir } = request;
    const builder = this.dockerfiles(await this.resourcesOf(await this.docker()));
    return builder.build(request, watch, async () => {
      const key = slugKey(plan, {
        salt: await this.caches.saltOf(appId),
        runtime: await builder.runtimeOf(plan),
        source: treeDigest(await scanTree(sourceDir)),
        config: request.configKey(request.config),
      });
      using.add(key);
      return key;
    });
  }

  private dockerfiles(resources: BuildResources = MOST): DockerfileBuilder {
    return new DockerfileBuilder({ ...this.options, baseImages: this.bases, resources });
  }

  /** The main image of a slug that is there whole. */
  private async find(key: string): Promise<MadeImage | null> {
    if (!/^[0-9a-f]{64}$/.test(key)) return null;
    // Before the look: a collection that is under way leaves what it finds.
    this.builds.rely(key);
    const { names } = this.options;
    const images = new KeyedImages(await this.docker(), names);
    const main = await images.find(names.slugImage(key));
    if (main === null) return null;
    const others = (main.labels[IMAGE_LABEL.images] ?? '').split(',').filter((process) => process !== '');
    for (const process of others) {
      if ((await images.find(names.slugImage(key, process))) === null) return null;
    }
    return main;
  }

  private async removeLeftovers(): Promise<void> {
    const docker = await this.docker();
    await this.garbage.removeContainers(docker, (buildId) => !this.builds.has(buildId));
    await this.dockerfiles().recover();
    // If Docker went away meanwhile, that was not all.
    await docker.ping();
  }

  private resourcesOf(docker: Docker): Promise<BuildResources> {
    this.resources ??= this.chooseResources(docker).catch((error: unknown) => {
      this.resources = undefined;
      throw error;
    });
    return this.resources;
  }

  private async chooseResources(docker: Docker): Promise<BuildResources> {
    if (this.options.resources) return this.options.resources;
    const { MemTotal } = (await docker.info()) as { readonly MemTotal: number };
    return { ...MOST, memoryBytes: Math.min(MOST.memoryBytes, Math.floor(MemTotal * 0.75)) };
  }

  private docker(): Promise<Docker> {
    return this.options.client.api();
  }
}

const idsOf = ({ build, launch, tools }: Bases): string =>
  [build, launch, ...tools.map(({ image }) => image)].map(({ id }) => id).join(' ');

function usedImages({ build, launch, tools }: Bases): string[] {
  return [
    `Using the image ${build.ref}`,
    ...tools.map(({ image }) => `With the tools of the image ${image.ref}`),
    ...(launch.id === build.id ? [] : [`Dynos run on the image ${launch.ref}`]),
  ];
}

function usedBuilder({ image, builder, run }: BuilderImages): string[] {
  const lifecycle = builder.lifecycle === null ? '' : `, lifecycle ${builder.lifecycle}`;
  return [
    `Using the builder ${image.ref}${lifecycle}, Platform API ${builder.platformApi}`,
    `Dynos run on the image ${run.ref}`,
  ];
}

/** A build's failure as its answer; throws what is the engine's. */
export function faultOf(error: unknown, watch: Watch): BuildResult {
  if (error instanceof StepFailed) return error.fault;
  try {
    watch.refuseStopped();
  } catch (stopped) {
    if (stopped instanceof StepFailed) return stopped.fault;
  }
  throw inOurWords(error);
}
