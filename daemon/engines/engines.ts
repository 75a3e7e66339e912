import { messageOf, TfkError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type {
  Artifact,
  Attachment,
  DynoEngine,
  DynoHandle,
  DynoSignal,
  DynoSpec,
  DynoUsage,
  Engine,
  EngineName,
  ExecRequest,
  LogBatch,
  ObservedDyno,
} from './engine.js';
import { EngineUnreachable } from './unreachable.js';

/** The dynos of all engines of this tfkd as one: whoever runs dynos need not know which engine has which. */
export interface DynoHost extends Omit<DynoEngine, 'list'> {
  survey(): Promise<Survey>;
}

export interface Survey {
  readonly dynos: readonly ObservedDyno[];
  /** Engines that did not answer, with the reason: nothing is known of their dynos. */
  readonly unreachable: ReadonlyMap<EngineName, string>;
}

/** The engines of this tfkd. A slug and a dyno belong to the engine that made them; which one builds an app is the app's. */
export class Engines implements DynoHost {
  private readonly byName: ReadonlyMap<string, Engine>;

  constructor(engines: readonly Engine[]) {
    this.byName = new Map(engines.map((engine) => [engine.name, engine]));
  }

  all(): Engine[] {
    return [...this.byName.values()];
  }

  /** Throws where this tfkd has no such engine. */
  get(name: string): Engine {
    const engine = this.byName.get(name);
    if (engine) return engine;
    throw new TfkError('invalid_params', `There is no engine ${JSON.stringify(name)}. Nothing was changed.`, {
      hint: `The engines are ${[...this.byName.keys()].join(' and ')}.`,
      suggestions: [...this.byName.keys()],
    });
  }

  hasArtifact(artifact: Artifact): Promise<boolean> {
    return this.get(artifact.engine).hasArtifact(artifact);
  }

  /** As purgeCache, on every engine; what cannot be forgotten now costs space, and nothing else. */
  async forgetCaches(appId: string, logger: Logger): Promise<void> {
    for (const engine of this.all()) {
      await engine.purgeCache(appId).catch((error: unknown) => {
        logger.warn(
          { app: appId, engine: engine.name, reason: messageOf(error) },
          'build caches stay behind',
        );
      });
    }
  }

  async survey(): Promise<Survey> {
    const unreachable = new Map<EngineName, string>();
    const lists = this.all().map((engine) =>
      engine.list().catch((error: unknown): ObservedDyno[] => {
        if (!(error instanceof EngineUnreachable)) throw error;
        unreachable.set(engine.name, messageOf(error));
        return [];
      }),
    );
    return { dynos: (await Promise.all(lists)).flat(), unreachable };
  }

  watch(changed: () => void): () => void {
    const ends = this.all().map((engine) => engine.watch(changed));
    return () => ends.forEach((end) => end());
  }

  async start(spec: DynoSpec): Promise<DynoHandle> {
    return this.get(spec.artifact.engine).start(spec);
  }

  async signal(handle: DynoHandle, signal: DynoSignal): Promise<void> {
    await this.get(handle.engine).signal(handle, signal);
  }

  async remove(handle: DynoHandle): Promise<void> {
    await this.get(handle.engine).remove(handle);
  }

  async followLogs(
    handle: DynoHandle,
    cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.get(handle.engine).followLogs(handle, cursor, deliver, signal);
  }

  async attach(handle: DynoHandle): Promise<Attachment> {
    return this.get(handle.engine).attach(handle);
  }

  async exec(handle: DynoHandle, request: ExecRequest): Promise<Attachment> {
    return this.get(handle.engine).exec(handle, request);
  }

  async inspect(handle: DynoHandle): Promise<DynoUsage> {
    return this.get(handle.engine).inspect(handle);
  }
}
