import type { Readable } from 'node:stream';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import type { Clock } from '../../shared/clock.js';
import { messageOf, notFound } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type {
  Artifact,
  Attachment,
  BuildEngine,
  BuildRequest,
  BuildResult,
  DynoHandle,
  DynoSignal,
  DynoSpec,
  DynoUsage,
  Engine,
  EngineCapabilities,
  EngineFact,
  ExecRequest,
  LocalImage,
  LogBatch,
  ObservedDyno,
} from '../engine.js';
import { EngineUnreachable } from '../unreachable.js';
import { Attacher } from './attach/attacher.js';
import type { ConnectedClient } from './connection/connected-client.js';
import { Changes } from './dynos/changes.js';
import { Containers, isAttached } from './dynos/containers.js';
import { Observer } from './dynos/observe.js';
import { Starter } from './dynos/starter.js';
import { usageOf } from './dynos/usage.js';
import { examine } from './examine.js';
import { DynoLogs } from './logs/dyno-logs.js';
import { logConfig } from './logs/log-config.js';
import type { Names } from './names.js';
import type { AppNetworks } from './networks.js';

/** How long tfkd's own start waits for what an earlier one left to be cleared away. */
const CLEARED_WITHIN_MS = 10_000;

export interface DockerEngineOptions {
  readonly client: ConnectedClient;
  readonly names: Names;
  /** The same as the services', so that nobody removes a network that another is about to use. */
  readonly networks: AppNetworks;
  readonly builder: ImageBuilder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who makes this engine's images: the build half of the engine contract. */
export interface ImageBuilder extends Omit<BuildEngine, 'name' | 'forgetApp'> {
  /** Ends and removes what builds of an earlier tfkd left; once, when the engine is first reached. */
  recover(): Promise<void>;
}

/**
 * The Docker engine: dynos are containers, slugs are images. All it knows of them are their labels, so that any later tfkd goes
 * on with them. What does not carry our own home's label is never touched.
 */
export class DockerEngine implements Engine {
  readonly name = 'docker';
  readonly capabilities: EngineCapabilities = { images: true, isolation: 'container', limits: true };
  private readonly containers: Containers;
  private readonly starter: Starter;
  private readonly observer: Observer;
  private readonly attacher: Attacher;
  private readonly changes: Changes;
  private readonly logs: DynoLogs;
  private recovering: Promise<void> | null = null;

  /** Clears away what an earlier tfkd left half made, as soon as Docker answers; whatever hinders that hinders no start. */
  static async open(options: DockerEngineOptions): Promise<DockerEngine> {
    const engine = new DockerEngine(options);
    const cleared = new AbortController();
    const recovered = engine.recovered().catch((error: unknown) => {
      // A machine without Docker is nothing to warn of.
      const level = error instanceof EngineUnreachable ? 'debug' : 'warn';
      options.logger[level]({ reason: messageOf(error) }, 'Docker cannot be cleared up yet');
    });
    await Promise.race([recovered, options.clock.sleep(CLEARED_WITHIN_MS, cleared.signal)]);
    cleared.abort();
    return engine;
  }

  private constructor(private readonly options: DockerEngineOptions) {
    this.containers = new Containers(options);
    this.attacher = new Attacher(options);
    this.changes = new Changes(options);
    this.logs = new DynoLogs(options);
    const parts = { ...options, containers: this.containers };
    this.starter = new Starter({ ...parts, attacher: this.attacher, logConfig });
    this.observer = new Observer({
      ...parts,
      isStarting: (instance) => this.starter.isStarting(instance),
      hasEnded: (containerId) => this.changes.hasEnded(containerId),
    });
  }

  examine(): Promise<EngineFact[]> {
    return examine(this.options.client);
  }

  runtimeOf(plan: BuildPlan): Promise<string> {
    return this.options.builder.runtimeOf(plan);
  }

  async build(request: BuildRequest): Promise<BuildResult> {
    await this.recovered();
    return this.options.builder.build(request);
  }

  hasArtifact(artifact: Artifact): Promise<boolean> {
    return this.options.builder.hasArtifact(artifact);
  }

  pack(artifact: Artifact): Promise<Readable> {
    return this.options.builder.pack(artifact);
  }

  imageOf(ref: string, appId: string): Promise<LocalImage | null> {
    return this.options.builder.imageOf(ref, appId);
  }

  async collectGarbage(keep: readonly Artifact[]): Promise<number> {
    await this.options.networks.removeUnused();
    return this.options.builder.collectGarbage(keep);
  }

  purgeCache(appId: string): Promise<void> {
    return this.options.builder.purgeCache(appId);
  }

  async forgetApp(appId: string): Promise<void> {
    await this.purgeCache(appId);
    await this.options.networks.remove(appId);
  }

  start(spec: DynoSpec): Promise<DynoHandle> {
    return this.starter.start(spec);
  }

  list(): Promise<ObservedDyno[]> {
    // Beside: what cannot be cleared away says nothing of the dynos.
    this.recovered().catch(() => undefined);
    return this.observer.list();
  }

  watch(changed: () => void): () => void {
    return this.changes.subscribe(changed);
  }

  async signal({ instance }: DynoHandle, signal: DynoSignal): Promise<void> {
    const container = await this.containers.find(instance);
    if (container) await this.containers.kill(container.Id, signal);
  }

  async remove({ instance }: DynoHandle): Promise<void> {
    const container = await this.containers.find(instance);
    if (container) await this.containers.discard(container.Id);
    this.attacher.forget(instance);
  }

  async followLogs(
    { instance }: DynoHandle,
    cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.starter.settled(instance);
    const container = await this.containers.find(instance);
    // One that was made and not started never will be. An attached dyno's output goes to whoever is attached.
    if (!container || container.State === 'created' || isAttached(container)) return;
    await this.logs.follow(container.Id, cursor, deliver, signal);
  }

  async attach({ instance }: DynoHandle): Promise<Attachment> {
    return this.attacher.attach(instance, await this.existing(instance));
  }

  async exec({ instance }: DynoHandle, request: ExecRequest): Promise<Attachment> {
    return this.attacher.exec(await this.existing(instance), request);
  }

  async inspect({ instance }: DynoHandle): Promise<DynoUsage> {
    const container = await this.containers.find(instance);
    if (!container) return { memoryBytes: null, listening: null };
    const { client } = this.options;
    return usageOf(await client.api(), container, await client.host());
  }

  /** The container of a dyno that there must be. */
  private async existing(instance: string): Promise<string> {
    const container = await this.containers.find(instance);
    if (container) return container.Id;
    throw notFound('dyno', 'This dyno is gone.', 'See which ones there are with `tfk ps`.');
  }

  private recovered(): Promise<void> {
    this.recovering ??= this.recover().catch((error: unknown) => {
      this.recovering = null;
      throw error;
    });
    return this.recovering;
  }

  private async recover(): Promise<void> {
    await this.options.builder.recover();
    await this.starter.sweep();
    // If Docker went away meanwhile, that was not all.
    await (await this.options.client.api()).ping();
  }
}
