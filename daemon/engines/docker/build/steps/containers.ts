import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import { messageOf } from '../../../../shared/errors.js';
import type { Logger } from '../../../../shared/logger.js';
import { LABEL, type Names } from '../../names.js';
import { ifThere } from '../failure.js';
import type { BuildNetwork } from '../network.js';
import { archiveOf, type Part } from './archives.js';
import {
  imageContainer,
  stepContainer,
  type BuildResources,
  type ImageSettings,
  type RunsAs,
} from './container-options.js';

export interface ContainersOptions {
  readonly docker: Docker;
  readonly names: Names;
  readonly appId: string;
  readonly buildId: string;
  readonly logger: Logger;
  readonly network: BuildNetwork;
  readonly resources: BuildResources;
  /** Of the caches that steps share with the app's other builds. */
  readonly caches: readonly string[];
  /** How commands run in them; else as in tfk's own images. */
  readonly as?: RunsAs;
  /** Ends what runs and what is being copied. */
  readonly signal: AbortSignal;
}

/** The containers of one build; none outlives it. */
export class BuildContainers {
  private readonly made = new Set<Docker.Container>();

  constructor(private readonly options: ContainersOptions) {
    options.signal.addEventListener('abort', this.killAll, { once: true });
  }

  /** For running commands; not started yet. */
  async forSteps(image: string): Promise<Docker.Container> {
    const { names, appId, caches, resources, as } = this.options;
    const network = await this.options.network.ensure();
    const volumes: Record<string, string> = {};
    for (const cache of caches) volumes[cache] = await this.ensureVolume(names.cacheVolume(appId, cache));
    const labels = this.labels();
    const spec = { image, labels, resources, network, caches: volumes };
    return this.create(stepContainer(as === undefined ? spec : { ...spec, as }));
  }

  /** For filling and committing. */
  forImage(image: string, env: readonly string[], config: ImageSettings = {}): Promise<Docker.Container> {
    const { resources } = this.options;
    return this.create(imageContainer({ image, env, resources, config, labels: this.labels() }));
  }

  async start(container: Docker.Container): Promise<void> {
    this.options.signal.throwIfAborted();
    await container.start({ abortSignal: this.options.signal });
    // An abort during the start may have found nothing to kill.
    if (this.options.signal.aborted) this.killAll();
  }

  /** Ends all that runs in the container; it can be read from still. */
  async end(container: Docker.Container): Promise<void> {
    await ifThere(container.kill());
  }

  async remove(container: Docker.Container): Promise<void> {
    this.made.delete(container);
    await ifThere(container.remove({ force: true, v: true }));
  }

  async fill(container: Docker.Container, parts: readonly Part[]): Promise<void> {
    await this.put(container, archiveOf(parts), '/');
  }

  /** Unpacks an archive in a folder of the container. */
  async put(container: Docker.Container, archive: Readable, path: string): Promise<void> {
    // The client does not look at the errors of what it sends.
    const broken = new AbortController();
    archive.once('error', () => broken.abort());
    const abortSignal = AbortSignal.any([this.options.signal, broken.signal]);
    try {
      await container.putArchive(archive, { path, abortSignal });
    } catch (error) {
      archive.destroy();
      throw archive.errored ?? error;
    }
  }

  async read(container: Docker.Container, path: string): Promise<Readable> {
    return (await container.getArchive({
      path,
      abortSignal: this.options.signal,
    })) as unknown as Readable;
  }

  /** Removes all of them; what the engine does not remove now is removed as garbage. */
  async dispose(): Promise<void> {
    this.options.signal.removeEventListener('abort', this.killAll);
    for (const container of [...this.made]) {
      await this.remove(container).catch((error: unknown) => {
        const { logger, buildId } = this.options;
        logger.warn({ build: buildId, reason: messageOf(error) }, 'container of a build not removed');
      });
    }
  }

  private readonly killAll = (): void => {
    for (const container of this.made) container.kill().catch(() => undefined);
  };

  private async create(options: Docker.ContainerCreateOptions): Promise<Docker.Container> {
    this.options.signal.throwIfAborted();
    // Not cut off: nobody would know of the container that was made all the same.
    const container = await this.options.docker.createContainer(options);
    this.made.add(container);
    return container;
  }

  private labels(): Record<string, string> {
    const { names, appId, buildId } = this.options;
    return names.labels('build', { [LABEL.app]: appId, [LABEL.build]: buildId });
  }

  private async ensureVolume(Name: string): Promise<string> {
    const { docker, names, appId } = this.options;
    await docker.createVolume({ Name, Labels: names.labels('cache', { [LABEL.app]: appId }) });
    return Name;
  }
}
