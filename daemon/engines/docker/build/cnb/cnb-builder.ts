import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import type { BuildpackRelease } from '../../../../../buildpacks/classic/release.js';
import { readGroup } from '../../../../../buildpacks/cnb/group.js';
import { readLaunch, type Launch } from '../../../../../buildpacks/cnb/launch.js';
import { folderOf } from '../../../../../buildpacks/cnb/layers.js';
import type { PlannedBuilder } from '../../../../../buildpacks/plan.js';
import type { TreeEntry } from '../../../../shared/tree.js';
import { StepFailed } from '../../../build/step-failed.js';
import type { Watch } from '../../../build/watch.js';
import type { BuildRequest } from '../../../engine.js';
import { unless } from '../../answers.js';
import { orLeft } from '../../leftovers.js';
import { LABEL } from '../../names.js';
import { runsAsRoot } from '../dockerfile/facts.js';
import { IMAGE_LABEL, releaseLabels } from '../labels.js';
import { CommandRunner } from '../steps/command-runner.js';
import { BuildContainers } from '../steps/containers.js';
import { KeyedImages } from '../steps/keyed-images.js';
import type { Built, PlanBuilderOptions } from '../steps/plan-builder.js';
import { statOf } from '../steps/stat.js';
import { Assembly, type AssemblyParts } from './assembly.js';
import { fileIn } from './container-files.js';
import { equip } from './equipment.js';
import type { BuilderImages } from './images.js';
import { LayerFolders } from './layer-folders.js';
import { Phases, runsAs } from './phases.js';
import { LAUNCHER, LAYERS_DIR, LIFECYCLE_DIR } from './places.js';

export interface CnbBuild {
  readonly request: BuildRequest;
  readonly planned: PlannedBuilder;
  readonly images: BuilderImages;
  readonly source: readonly TreeEntry[];
  /** What the slug is named by. */
  readonly key: string;
  readonly watch: Watch;
  readonly uses: (key: string) => void;
}

/** What a build by a builder has at hand. */
interface Session {
  readonly build: CnbBuild;
  readonly containers: BuildContainers;
  readonly container: Docker.Container;
  readonly phases: Phases;
  readonly folders: LayerFolders;
  readonly cache: string;
  readonly now: number;
}

/**
 * Makes a slug image by the lifecycle of a builder image. Only the phases that run buildpacks are run, in a container like all
 * others of builds: it has no way to the engine, nor to a registry's credentials. What the other phases do is done here.
 */
export class CnbBuilder {
  private readonly images: KeyedImages;

  constructor(private readonly options: PlanBuilderOptions) {
    this.images = new KeyedImages(options.docker, options.names);
  }

  /** Rejects with StepFailed for the app's or the builder's fault, and when the watch ends the build. */
  async build(build: CnbBuild): Promise<Built> {
    const cache = cacheOf(build.images);
    const containers = this.containersOf(build, cache);
    try {
      return await this.execute(await this.begin(build, containers, cache));
    } finally {
      await containers.dispose();
    }
  }

  private async execute(session: Session): Promise<Built> {
    const { phases, folders, build } = session;
    const { output } = build.request;
    output.step('Detecting buildpacks');
    await phases.detect();
    const group = await this.groupOf(session);
    const names = new Set(group.map(({ id }) => folderOf(id)));
    await folders.restore(names);
    output.step(`Building with ${group.map(({ id, version }) => `${id} ${version}`).join(', ')}`);
    await phases.build();
    const launch = await this.launchOf(session);
    const found = await folders.found(names);
    output.step('Putting the image together');
    const launched = found.layers.filter((layer) => layer.launch);
    const built = await this.assemble(session, launch, launched);
    await folders.save(found);
    await this.forgetOtherCaches(session);
    return built;
  }

  /** The container in which the phases run, with all that they need. */
  private async begin(build: CnbBuild, containers: BuildContainers, cache: string): Promise<Session> {
    const { request, planned, images, source, watch } = build;
    const { docker, clock, resources } = this.options;
    const { builder } = images;
    const { output } = request;
    const now = clock.now();
    const equipment = await equip(request, planned, { images, source, cache, now });
    const container = await containers.forSteps(images.image.id);
    await refuseOthers(container, planned);
    await containers.fill(container, equipment.parts);
    await containers.start(container);
    const commands = new CommandRunner({ docker, watch, resources, ...request });
    const ordered = planned.group.length > 0;
    const { env } = equipment;
    return {
      build,
      containers,
      container,
      cache,
      now,
      phases: new Phases({ ...planned, builder, container, commands, output, env, ordered }),
      folders: new LayerFolders({ builder, container, containers, commands, output, cache, now }),
    };
  }

  private async groupOf({ build, containers, container }: Session) {
    const text = await fileIn(containers, container, `${LAYERS_DIR}/group.toml`);
    const group = text === null ? null : readGroup(text);
    const { image } = build.planned;
    if (group === null)
      throw failed(`The detector of the builder ${image} left no group.toml that can be read.`);
    if (group.extensions.length > 0) {
      const message = `The builder ${image} would extend its images by ${group.extensions.join(', ')}, and tfk runs no image extensions.`;
      throw failed(message, 'Build the image by `pack build`, and run it by `tfk push --image`.');
    }
    return group.buildpacks;
  }

  private async launchOf({ build, containers, container }: Session): Promise<Launch> {
    const file = `${LAYERS_DIR}/config/metadata.toml`;
    const read = readLaunch((await fileIn(containers, container, file)) ?? '');
    if (!read.ok)
      throw failed(`The lifecycle of the builder ${build.planned.image} left a ${file} that ${read.why}.`);
    const { unfit } = read.launch;
    if (unfit.length > 0)
      build.request.output.warning(`No process types of an app, by their names: ${unfit.join(', ')}.`);
    return read.launch;
  }

  private async assemble(
    { build, containers, container, now }: Session,
    launch: Launch,
    layers: AssemblyParts['layers'],
  ): Promise<Built> {
    const { request, images, key, watch, uses } = build;
    const { run, builder } = images;
    if (runsAsRoot({ User: run.user })) request.output.warning(rootWarning(run.ref));
    const { platformApi } = builder;
    const limit = request.limits.slugBytes;
    const parts = { containers, from: container, run, platformApi, launch, layers, limit, now };
    const assembly = new Assembly(parts);
    const below = await this.layerImage(assembly, { runId: run.id, containers, uses });
    const app = await assembly.app(below.id, below.size);
    watch.refuseStopped();
    const size = below.size + app.bytes;
    const release: BuildpackRelease = { processTypes: launch.processTypes, env: {}, addons: [] };
    await this.images.commit(app.container, {
      kind: 'slug',
      key,
      ref: this.options.names.slugImage(key),
      parent: below.id,
      size,
      labels: {
        [LABEL.app]: request.appId,
        [IMAGE_LABEL.layers]: below.key,
        [IMAGE_LABEL.builder]: images.image.ref,
        ...releaseLabels(release),
      },
    });
    return { artifact: { engine: 'docker', id: key, size }, release };
  }

  /** The image of the layers; the one of an earlier build where they are the same. */
  private async layerImage(
    assembly: Assembly,
    how: {
      readonly runId: string;
      readonly containers: BuildContainers;
      readonly uses: (key: string) => void;
    },
  ): Promise<{ readonly id: string; readonly key: string; readonly size: number }> {
    const { container, digest: key, bytes: size } = await assembly.layers();
    const ref = this.options.names.layerImage(key);
    how.uses(key);
    const known = await this.images.find(ref);
    const made =
      known ?? (await this.images.commit(container, { kind: 'layer', key, ref, parent: how.runId, size }));
    await how.containers.remove(container);
    return { id: made.id, key, size };
  }

  /** What builds by another builder have left of the app's. */
  private async forgetOtherCaches({ build, cache }: Session): Promise<void> {
    const { docker, names, logger } = this.options;
    const { appId } = build.request;
    const own = names.cacheVolume(appId, cache);
    const { Volumes } = await docker.listVolumes({ filters: { label: names.filter('cache') } });
    const others = Volumes.map(({ Name }) => Name).filter(
      (name) => name.startsWith(names.cacheVolume(appId, CACHE)) && name !== own,
    );
    for (const volume of others)
      await orLeft(unless([404, 409], docker.getVolume(volume).remove()), { volume }, logger);
  }

  private containersOf({ request, images, watch }: CnbBuild, cache: string): BuildContainers {
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
      caches: [cache],
      as: runsAs(images.builder),
      signal: watch.signal,
    });
  }
}

const CACHE = 'cnb-';

/** Another builder, or another system under its apps, begins anew: what one has compiled need not run on the other. */
function cacheOf({ image, builder, run }: BuilderImages): string {
  const { user } = builder;
  const parts = [image.ref, run.ref, user.uid, user.gid];
  return `${CACHE}${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)}`;
}

/** The labels of a builder are on what is made of it, whatever became of its files. */
async function refuseOthers(container: Docker.Container, { by, image }: PlannedBuilder): Promise<void> {
  const needed = [`${LIFECYCLE_DIR}/detector`, `${LIFECYCLE_DIR}/builder`, LAUNCHER, '/bin/sh'];
  for (const path of needed) {
    const found = await statOf(container, path);
    if (found !== null && (path !== LAUNCHER || found.kind === 'file')) continue;
    throw failed(`${by} names the builder ${image}, but that image is none: it has no program ${path}.`);
  }
}

const rootWarning = (ref: string): string =>
  `The run image ${ref} has no user of its own: dynos run as root, without root's rights but those that servers need to start.`;

const failed = (message: string, hint?: string): StepFailed =>
  new StepFailed({ ok: false, reason: 'command', message, hint });
