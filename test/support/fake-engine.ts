import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import type {
  Artifact,
  Attachment,
  BuildRequest,
  BuildResult,
  DynoExit,
  DynoHandle,
  DynoLine,
  DynoSignal,
  DynoSpec,
  DynoUsage,
  Engine,
  EngineFact,
  EngineName,
  ExecRequest,
  LogBatch,
  ObservedDyno,
  ObservedState,
} from '../../daemon/engines/engine.js';
import { EngineUnreachable } from '../../daemon/engines/unreachable.js';
import type { Clock } from '../../daemon/shared/clock.js';
import { TfkError } from '../../daemon/shared/errors.js';
import { runScript, SIGNAL_NUMBERS, type FakeProcess } from './fake-shell.js';

/** What a dyno does in place of its command, field by field. Times pass on the engine's clock. */
export interface FakeBehaviour {
  /** start() rejects with this text. */
  readonly startError?: string;
  /** start() resolves only after this time. */
  readonly blockStartForMs?: number;
  /** Ends by itself after this time. */
  readonly runForMs?: number;
  /** How it ends by itself; default 0. */
  readonly exitCode?: number;
  /** Printed at once. */
  readonly output?: readonly string[];
  readonly ignoresTerm?: boolean;
  /** Where it says it listens: a server of the test's own. Default: a port at which nobody listens. */
  readonly address?: { readonly host: string; readonly port: number; readonly relayed?: boolean };
}

export interface FakeEngineOptions {
  /** Default `fake`. */
  readonly name?: EngineName;
  /** Where nothing was said with behave(). Default: run the command in a shell that knows a few words (fake-shell.ts). */
  readonly behaviour?: (spec: DynoSpec) => FakeBehaviour | undefined;
}

export interface FakeDyno {
  readonly spec: DynoSpec;
  readonly handle: DynoHandle;
  readonly startedAt: number;
  /** All signals sent to it, in order. */
  readonly signals: readonly DynoSignal[];
  readonly state: ObservedState;
}

export const createFakeEngine = (clock: Clock, options: FakeEngineOptions = {}): FakeEngine =>
  new FakeEngine(clock, options, new FakeWorld());

/** What outlives an engine object, as containers and shims do. */
class FakeWorld {
  readonly dynos = new Map<string, LiveDyno>();
  readonly behaviours = new Map<string, FakeBehaviour>();
  readonly artifacts = new Map<string, Artifact>();
  readonly watchers = new Set<() => void>();
  nextPort = 40_000;
  silence: string | null = null;

  answer(): void {
    if (this.silence !== null) throw new EngineUnreachable(this.silence);
  }

  changed(): void {
    for (const watcher of [...this.watchers]) watcher();
  }
}

export class FakeEngine implements Engine {
  readonly name: EngineName;
  readonly capabilities = { images: false, isolation: 'none', limits: false } as const;
  /** Every call that changes something, e.g. `start web.1`, in order. */
  readonly calls: string[] = [];
  private readonly starting = new Map<string, Promise<DynoHandle>>();

  constructor(
    private readonly clock: Clock,
    private readonly options: FakeEngineOptions,
    private readonly world: FakeWorld,
  ) {
    this.name = options.name ?? 'fake';
  }

  /** The dynos that are there, in the order of their start, also those that have ended. */
  get dynos(): readonly FakeDyno[] {
    return [...this.world.dynos.values()];
  }

  /** Scripts the dynos of this name (`web.1`) or type (`web`), or all with `*`, from their next start on. */
  behave(dyno: string, behaviour: FakeBehaviour): void {
    this.world.behaviours.set(dyno, behaviour);
  }

  /** Ends the running dyno of this name. */
  crash(dyno: string, code = 1, details: { readonly outOfMemory?: boolean } = {}): void {
    this.running(dyno).end(code, details.outOfMemory ?? false);
  }

  /** The engine does not know any more how the dyno is; null: it knows again. */
  obscure(dyno: string, reason: string | null): void {
    this.running(dyno).reason = reason;
    this.world.changed();
  }

  /** It answers nobody any more, with this reason; null: it is back. Its dynos run on meanwhile. */
  silence(reason: string | null): void {
    this.world.silence = reason;
    if (reason === null) this.world.changed();
  }

  print(dyno: string, text: string, stream: DynoLine['stream'] = 'stdout'): void {
    this.running(dyno).print(text, stream);
  }

  /** Another engine object over the same dynos, as after a restart of tfkd. */
  reopened(): FakeEngine {
    return new FakeEngine(this.clock, this.options, this.world);
  }

  async examine(): Promise<EngineFact[]> {
    const { silence } = this.world;
    if (silence !== null) return [{ name: 'fake', status: 'failed', detail: silence, hint: 'Start it.' }];
    return [{ name: 'fake', status: 'ok', detail: 'runs nothing' }];
  }

  async runtimeOf(): Promise<string> {
    return 'fake';
  }

  async purgeCache(): Promise<void> {
    // It keeps no caches.
  }

  async forgetApp(): Promise<void> {
    // It keeps nothing else either.
  }

  async build({ plan, sourceDir }: BuildRequest): Promise<BuildResult> {
    const hash = createHash('sha256').update(JSON.stringify(plan));
    let size = 0;
    for (const name of (await readdir(sourceDir, { recursive: true })).sort()) {
      const path = join(sourceDir, name);
      hash.update(`${name}\0`);
      if (!(await stat(path)).isFile()) continue;
      const bytes = await readFile(path);
      hash.update(bytes);
      size += bytes.length;
    }
    const artifact: Artifact = { engine: this.name, id: hash.digest('hex'), size };
    this.world.artifacts.set(artifact.id, artifact);
    return { ok: true, artifact, image: null };
  }

  async hasArtifact(artifact: Artifact): Promise<boolean> {
    return this.world.artifacts.has(artifact.id);
  }

  async pack(): Promise<Readable> {
    throw new TfkError('gone', 'The fake engine keeps no files.');
  }

  async imageOf(): Promise<null> {
    return null;
  }

  async collectGarbage(keep: readonly Artifact[]): Promise<number> {
    const kept = new Set(keep.map(({ id }) => id));
    let freed = 0;
    for (const { id, size } of [...this.world.artifacts.values()]) {
      if (!kept.has(id) && this.world.artifacts.delete(id)) freed += size;
    }
    return freed;
  }

  start(spec: DynoSpec): Promise<DynoHandle> {
    const earlier = this.world.dynos.get(spec.instance)?.handle;
    if (earlier) return Promise.resolve(earlier);
    const starting =
      this.starting.get(spec.instance) ??
      this.startOnce(spec).finally(() => this.starting.delete(spec.instance));
    this.starting.set(spec.instance, starting);
    return starting;
  }

  async list(): Promise<ObservedDyno[]> {
    this.world.answer();
    return this.dynos.map(({ handle, spec, state }) => ({ handle, labels: spec.labels, state }));
  }

  watch(changed: () => void): () => void {
    const own = () => changed();
    this.world.watchers.add(own);
    return () => this.world.watchers.delete(own);
  }

  async signal(handle: DynoHandle, signal: DynoSignal): Promise<void> {
    this.world.answer();
    const dyno = this.world.dynos.get(handle.instance);
    if (dyno?.state.kind !== 'running') return;
    this.calls.push(`${signal} ${dyno.spec.labels.dyno}`);
    dyno.receive(signal);
  }

  async remove(handle: DynoHandle): Promise<void> {
    this.world.answer();
    const dyno = this.world.dynos.get(handle.instance);
    if (!dyno) return;
    this.calls.push(`remove ${dyno.spec.labels.dyno}`);
    dyno.end(137, false);
    this.world.dynos.delete(handle.instance);
    this.world.changed();
  }

  async followLogs(
    handle: DynoHandle,
    cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const dyno = this.world.dynos.get(handle.instance);
    let next = cursor === null ? 0 : Number(cursor);
    while (dyno && !signal.aborted) {
      const lines = dyno.lines.slice(next);
      const ended = dyno.state.kind === 'exited';
      if (lines.length > 0) {
        next += lines.length;
        await deliver({ lines, cursor: String(next), lostBytes: 0 });
      } else if (ended) return;
      else await dyno.moved(signal);
    }
  }

  async attach(handle: DynoHandle): Promise<Attachment> {
    const dyno = this.world.dynos.get(handle.instance);
    if (!dyno) throw new TfkError('not_found', 'This dyno is gone.', { resource: 'dyno' });
    if (dyno.spec.stdio !== 'attached' || dyno.attached) {
      throw new TfkError('conflict', `${dyno.spec.labels.dyno} cannot be attached to.`);
    }
    dyno.attached = true;
    return dyno.attachment();
  }

  async exec(handle: DynoHandle, request: ExecRequest): Promise<Attachment> {
    const dyno = this.world.dynos.get(handle.instance);
    if (dyno?.state.kind !== 'running') throw new TfkError('conflict', 'This dyno does not run.');
    const env = { ...dyno.spec.env, ...request.env };
    const spec = {
      ...dyno.spec,
      command: request.command,
      env,
      stdio: 'attached',
      terminal: request.terminal,
    } as const;
    const inner = new LiveDyno(spec, dyno.handle, this.clock, () => undefined);
    inner.run({});
    void dyno.exited.then(() => inner.end(137, false));
    return inner.attachment();
  }

  async inspect(handle: DynoHandle): Promise<DynoUsage> {
    const dyno = this.world.dynos.get(handle.instance);
    if (dyno?.state.kind !== 'running') return { memoryBytes: null, listening: null };
    return { memoryBytes: 32 * 1024 * 1024, listening: handle.address ? [handle.address.port] : [] };
  }

  private async startOnce(spec: DynoSpec): Promise<DynoHandle> {
    this.world.answer();
    const behaviour = this.behaviourOf(spec);
    this.calls.push(`start ${spec.labels.dyno}`);
    if (behaviour.blockStartForMs) await this.clock.sleep(behaviour.blockStartForMs);
    if (behaviour.startError !== undefined) throw new TfkError('unavailable', behaviour.startError);
    const address = spec.port
      ? { relayed: false, ...(behaviour.address ?? { host: '127.0.0.1', port: this.world.nextPort++ }) }
      : null;
    const handle: DynoHandle = { engine: this.name, version: 1, instance: spec.instance, address, data: {} };
    const dyno = new LiveDyno(spec, handle, this.clock, () => this.world.changed());
    this.world.dynos.set(spec.instance, dyno);
    dyno.run(behaviour);
    this.world.changed();
    return handle;
  }

  private behaviourOf(spec: DynoSpec): FakeBehaviour {
    const { dyno } = spec.labels;
    const type = dyno.slice(0, dyno.lastIndexOf('.'));
    const said = [dyno, type, '*'].map((name) => this.world.behaviours.get(name)).find(Boolean);
    return said ?? this.options.behaviour?.(spec) ?? {};
  }

  private running(name: string): LiveDyno {
    const dynos = [...this.world.dynos.values()].filter(({ spec }) => spec.labels.dyno === name);
    const dyno = dynos.find(({ state }) => state.kind !== 'exited');
    if (!dyno)
      throw new Error(
        `the fake engine runs no ${name}, but: ${this.dynos.map((one) => one.spec.labels.dyno).join(', ')}`,
      );
    return dyno;
  }
}

class LiveDyno implements FakeDyno, FakeProcess {
  readonly lines: DynoLine[] = [];
  readonly signals: DynoSignal[] = [];
  readonly startedAt: number;
  readonly stdin = new PassThrough();
  readonly stopped = new AbortController();
  readonly exited: Promise<DynoExit>;
  ignoresTerm = false;
  attached = false;
  reason: string | null = null;
  private readonly out = new PassThrough();
  private readonly err = new PassThrough();
  private exit: DynoExit | null = null;
  private waiting: (() => void)[] = [];
  private ended: (exit: DynoExit) => void = () => undefined;

  constructor(
    readonly spec: DynoSpec,
    readonly handle: DynoHandle,
    readonly clock: Clock,
    private readonly changed: () => void,
  ) {
    this.startedAt = clock.now();
    this.exited = new Promise((resolve) => {
      this.ended = resolve;
    });
    if (spec.stdio === 'logged') this.stdin.end();
  }

  get state(): ObservedState {
    if (this.exit) return { kind: 'exited', exit: this.exit };
    return this.reason === null ? { kind: 'running' } : { kind: 'unknown', reason: this.reason };
  }

  get command(): string {
    return this.spec.command;
  }

  get env(): Readonly<Record<string, string>> {
    return this.spec.env;
  }

  run(behaviour: FakeBehaviour): void {
    this.ignoresTerm = behaviour.ignoresTerm ?? false;
    for (const text of behaviour.output ?? []) this.print(text, 'stdout');
    const scripted = Object.keys(behaviour).some((key) => key !== 'address' && key !== 'blockStartForMs');
    const code = scripted ? this.runFor(behaviour) : runScript(this);
    void code.then((ended) => this.end(ended, false));
  }

  print(text: string, stream: DynoLine['stream']): void {
    if (this.exit) return;
    if (this.spec.stdio === 'attached') {
      const target = stream === 'stdout' || this.spec.terminal ? this.out : this.err;
      target.write(this.spec.terminal ? `${text}\r\n` : `${text}\n`);
      return;
    }
    this.lines.push({ time: Math.round(this.clock.now() * 1_000), stream, text });
    this.wake();
  }

  receive(signal: DynoSignal): void {
    if (this.exit) return;
    this.signals.push(signal);
    if (signal === 'SIGTERM' && this.ignoresTerm) return;
    this.end(128 + SIGNAL_NUMBERS[signal], false);
  }

  end(code: number, outOfMemory: boolean): void {
    if (this.exit) return;
    this.exit = { code, outOfMemory, at: this.clock.now() };
    this.stopped.abort();
    this.out.end();
    this.err.end();
    this.ended(this.exit);
    this.wake();
    this.changed();
  }

  /** Resolves when it has printed or ended. */
  moved(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  attachment(): Attachment {
    const { stdin, out, err, exited } = this;
    const stderr = this.spec.terminal ? null : err;
    return {
      stdin,
      stdout: out,
      stderr,
      exited,
      resize: () => Promise.resolve(),
      signal: async (signal) => this.receive(signal),
      close: () => this.receive('SIGHUP'),
    };
  }

  private async runFor({ runForMs, exitCode }: FakeBehaviour): Promise<number> {
    await (runForMs === undefined
      ? new Promise<never>(() => undefined)
      : this.clock.sleep(runForMs, this.stopped.signal));
    return exitCode ?? 0;
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
