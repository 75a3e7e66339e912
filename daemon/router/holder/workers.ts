import type { Clock } from '../../shared/clock.js';
import { messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type { RouterConfig } from '../config.js';
import type { CertificateSet, RouteTable } from '../control/protocol.js';
import type { Entrance } from '../proxy/context.js';
import type { BoundSocket } from './listeners.js';
import { WorkerProcess, type InFlight } from './worker-process.js';

export interface WorkersOptions {
  readonly config: RouterConfig;
  /** Absolute path of the compiled worker program. */
  readonly program: string;
  readonly sockets: readonly BoundSocket[];
  readonly tlsSockets: readonly BoundSocket[];
  /** See WorkerStart. */
  readonly certificateKey: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RESTART_STEP_MS = 50;
const RESTART_MOST_MS = 2_000;
/** A worker that lived this long was sound: its restart is not delayed. */
const SOUND_MS = 10_000;

/** The workers: as many as configured serve, others may still drain. A dead one is replaced. */
export class Workers {
  private readonly serving = new Set<WorkerProcess>();
  private readonly all = new Set<WorkerProcess>();
  private readonly stopped = new AbortController();
  private delayMs = 0;
  private certifications = 0;

  constructor(
    private readonly options: WorkersOptions,
    private table: RouteTable,
    private certificates: CertificateSet,
  ) {}

  /** Resolves when all listen; rejects when one cannot. */
  async start(): Promise<void> {
    const started = Array.from({ length: this.options.config.workers }, () => this.launch());
    await Promise.all(started.map((worker) => worker.ready));
  }

  get pids(): { pid: number; tableVersion: number }[] {
    return [...this.serving].map(({ pid, tableVersion }) => ({ pid, tableVersion }));
  }

  /** Resolves when every worker that lives routes by this table or a newer one. */
  async swap(table: RouteTable): Promise<void> {
    this.table = table;
    await Promise.all([...this.all].map((worker) => worker.swap(table)));
  }

  /** Resolves when every worker that lives serves TLS by this set or a newer one. */
  async certify(certificates: CertificateSet): Promise<void> {
    this.certificates = certificates;
    const sequence = ++this.certifications;
    await Promise.all([...this.all].map((worker) => worker.certify(certificates, sequence)));
  }

  async inFlight(backends: readonly string[]): Promise<InFlight> {
    const counts = await Promise.all([...this.all].map((worker) => worker.inFlight(backends)));
    const sum = (pick: (count: InFlight) => Readonly<Record<string, number>>) =>
      Object.fromEntries(
        backends.map((id) => [id, counts.reduce((total, count) => total + (pick(count)[id] ?? 0), 0)]),
      );
    return { requests: sum((count) => count.requests), upgraded: sum((count) => count.upgraded) };
  }

  /** One after the other: the fresh worker is ready before the former one stops accepting. */
  async reload(): Promise<void> {
    const { limits } = this.options.config;
    for (const former of [...this.serving]) {
      const fresh = this.launch();
      try {
        await fresh.ready;
      } catch (error) {
        this.serving.delete(fresh);
        throw error;
      }
      this.serving.delete(former);
      former.drain(limits.workerDrainMs, limits.drainIdleMs);
    }
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.serving.clear();
    const workers = [...this.all];
    for (const worker of workers) worker.drain(this.options.config.limits.shutdownMs, 0);
    await Promise.all(workers.map((worker) => worker.exited));
  }

  private launch(): WorkerProcess {
    const { config, program, clock, logger, certificateKey } = this.options;
    const sockets = [...this.options.sockets, ...this.options.tlsSockets];
    const start = {
      slot: this.freeSlot(),
      entrances: this.entrances,
      home: config.home,
      logLevel: config.logLevel,
      limits: config.limits,
      maxConnections: Math.ceil(config.limits.maxConnections / config.workers),
      table: this.table,
      certificates: this.certificates,
      certificateKey,
    };
    const worker = new WorkerProcess({ program, sockets, start, logger });
    const startedAt = clock.now();
    this.all.add(worker);
    this.serving.add(worker);
    void worker.exited.then(() => this.onExit(worker, clock.now() - startedAt));
    return worker;
  }

  /** In the order of the sockets. */
  private get entrances(): Entrance[] {
    const { sockets, tlsSockets } = this.options;
    const of = (protocol: Entrance['protocol'], bound: readonly BoundSocket[]) =>
      bound.map(({ port }): Entrance => ({ protocol, port: String(port) }));
    return [...of('http', sockets), ...of('https', tlsSockets)];
  }

  /** A slot names the access log's files: it is free again only when its worker has ended. */
  private freeSlot(): number {
    const taken = new Set([...this.all].map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }

  private onExit(worker: WorkerProcess, livedMs: number): void {
    this.all.delete(worker);
    if (!this.serving.delete(worker) || this.stopped.signal.aborted) return;
    this.options.logger.error({ worker: worker.pid, livedMs }, 'a router worker ended and is replaced');
    this.delayMs = livedMs >= SOUND_MS ? 0 : this.delayMs;
    void this.replaceAfter(this.delayMs);
    this.delayMs = Math.min(this.delayMs + RESTART_STEP_MS, RESTART_MOST_MS);
  }

  private async replaceAfter(ms: number): Promise<void> {
    await this.options.clock.sleep(ms, this.stopped.signal);
    if (this.stopped.signal.aborted) return;
    const worker = this.launch();
    await worker.ready.catch((error: unknown) => this.options.logger.error(messageOf(error)));
  }
}
