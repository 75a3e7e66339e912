import type { Readable } from 'node:stream';
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
  /** Engines that did not answer when last asked, with the reason. */
  private readonly silent = new Map<EngineName, string>();
  /** Engines that have answered at least once. */
  private readonly heard = new Set<EngineName>();
  private readonly askedAgain = new Set<EngineName>();
  private readonly watchers = new Set<() => void>();

  constructor(
    engines: readonly Engine[],
    private readonly logger: Logger,
  ) {
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

  async pack(artifact: Artifact): Promise<Readable> {
    return this.get(artifact.engine).pack(artifact);
  }

  /** As Engine.forgetApp, on each that answers; what cannot be removed now costs space, and nothing else. */
  async forgetApp(appId: string): Promise<void> {
    await this.tidy('something of a destroyed app stays behind', (engine) => engine.forgetApp(appId));
  }

  /** As Engine.collectGarbage, on each that answers, of all artifacts to keep. */
  async collectGarbage(keep: readonly Artifact[]): Promise<void> {
    await this.tidy('collecting garbage failed', async (engine) => {
      const bytes = await engine.collectGarbage(keep.filter((artifact) => artifact.engine === engine.name));
      if (bytes > 0)
        this.logger.info({ engine: engine.name, bytes }, 'removed slugs that no release in reach needs');
    });
  }

  /** An engine that did not answer is asked again beside this, so that it holds up nobody else's dynos. */
  async survey(): Promise<Survey> {
    const unreachable = new Map<EngineName, string>();
    const lists = this.all().map(async (engine) => {
      const heard = await this.listOf(engine);
      if (typeof heard !== 'string') return heard;
      unreachable.set(engine.name, heard);
      return [];
    });
    return { dynos: (await Promise.all(lists)).flat(), unreachable };
  }

  watch(changed: () => void): () => void {
    const own = () => changed();
    this.watchers.add(own);
    const ends = this.all().map((engine) => engine.watch(own));
    return () => {
      this.watchers.delete(own);
      for (const end of ends) end();
    };
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

  /** Its dynos, or why it does not answer: one of the two, of one moment. */
  private async listOf(engine: Engine): Promise<readonly ObservedDyno[] | string> {
    const reason = this.silent.get(engine.name);
    if (reason !== undefined) {
      void this.askAgain(engine);
      return reason;
    }
    const answer = await answerOf(engine);
    if (typeof answer === 'string') this.hush(engine, answer);
    else this.heard.add(engine.name);
    return answer;
  }

  private hush(engine: Engine, reason: string): void {
    if (!this.silent.has(engine.name)) {
      this.logger[this.levelOf(engine)](
        { engine: engine.name, reason },
        'an engine does not answer; its dynos are left as they are',
      );
    }
    this.silent.set(engine.name, reason);
  }

  /** A machine without Docker is nothing to warn of. */
  private levelOf({ name }: Engine): 'warn' | 'debug' {
    return this.heard.has(name) ? 'warn' : 'debug';
  }

  /** No engine's trouble keeps the work from the others. */
  private async tidy(failure: string, work: (engine: Engine) => Promise<void>): Promise<void> {
    for (const engine of this.all()) {
      await work(engine).catch((error: unknown) => {
        this.logger[this.levelOf(engine)]({ engine: engine.name, reason: messageOf(error) }, failure);
      });
    }
  }

  private async askAgain(engine: Engine): Promise<void> {
    if (this.askedAgain.has(engine.name)) return;
    this.askedAgain.add(engine.name);
    const answer = await engine.list().then(() => null, messageOf);
    this.askedAgain.delete(engine.name);
    if (answer !== null) {
      this.hush(engine, answer);
      return;
    }
    this.silent.delete(engine.name);
    this.heard.add(engine.name);
    this.logger.info({ engine: engine.name }, 'the engine answers again');
    for (const told of [...this.watchers]) told();
  }
}

/** How long a listing may take, milliseconds; nobody else's dynos wait longer for it. */
const PATIENCE_MS = 5_000;

/** Its dynos, or why there is no answer: it is away, it hangs, or it has a fault of its own. */
async function answerOf(engine: Engine): Promise<readonly ObservedDyno[] | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
  });
  return Promise.race([engine.list().catch(messageOf), late]).finally(() => clearTimeout(timer));
}
