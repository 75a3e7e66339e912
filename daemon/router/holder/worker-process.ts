import { spawn, type ChildProcess } from 'node:child_process';
import type { Logger } from '../../shared/logger.js';
import type { CertificateSet, RouteTable } from '../control/protocol.js';
import type { BoundSocket } from './listeners.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';

export interface WorkerLaunch {
  readonly program: string;
  readonly sockets: readonly BoundSocket[];
  readonly start: WorkerStart;
  readonly logger: Logger;
}

export interface InFlight {
  readonly requests: Readonly<Record<string, number>>;
  readonly upgraded: Readonly<Record<string, number>>;
}

const NOTHING: InFlight = { requests: {}, upgraded: {} };

interface Question {
  readonly done: () => boolean;
  readonly resolve: () => void;
}

/** One worker as its holder sees it. What it is asked is answered, or it is dead: one that keeps silent is killed. */
export class WorkerProcess {
  readonly slot: number;
  readonly pid: number;
  tableVersion = -1;
  private certified = 0;
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
  private readonly child: ChildProcess;
  private readonly questions = new Set<Question>();
  private readonly counts = new Map<number, InFlight>();
  private asked = 0;
  private gone = false;
  private failedWith: { message: string; code: string | undefined } | undefined;

  constructor(private readonly launch: WorkerLaunch) {
    const { program, sockets, start } = launch;
    this.slot = start.slot;
    this.child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd), 'ipc'],
    });
    this.pid = this.child.pid ?? -1;
    this.child.on('message', (message) => this.receive(message as FromWorker));
    this.exited = new Promise((resolve) => {
      const gone = (): void => {
        this.onGone();
        resolve();
      };
      this.child.once('exit', gone).once('error', gone);
    });
    this.send({ type: 'start', start });
    this.ready = this.answered(() => this.tableVersion >= 0, start.limits.workerStartMs).then(() =>
      this.mustLive(),
    );
    // Whoever wants to know awaits it; nobody has to.
    this.ready.catch(() => undefined);
  }

  get alive(): boolean {
    return !this.gone;
  }

  /** Resolves when the worker routes by this table or a newer one, or is dead. */
  async swap(table: RouteTable): Promise<void> {
    this.send({ type: 'table', table });
    await this.answered(() => this.tableVersion >= table.version);
  }

  /** Resolves when the worker serves TLS by this set or a newer one, or is dead. `sequence` rises with every set. */
  async certify(set: CertificateSet, sequence: number): Promise<void> {
    this.send({ type: 'certificates', sequence, set });
    await this.answered(() => this.certified >= sequence);
  }

  /** A dead worker has nothing under way. */
  async inFlight(backends: readonly string[]): Promise<InFlight> {
    const id = ++this.asked;
    this.send({ type: 'in-flight', id, backends });
    await this.answered(() => this.counts.has(id));
    const count = this.counts.get(id) ?? NOTHING;
    this.counts.delete(id);
    return count;
  }

  drain(deadlineMs: number, idleMs: number): void {
    this.send({ type: 'drain', deadlineMs, idleMs });
    setTimeout(() => this.kill(), deadlineMs + this.launch.start.limits.workerAnswerMs).unref();
  }

  kill(): void {
    if (!this.gone) this.child.kill('SIGKILL');
  }

  private send(message: ToWorker): void {
    if (this.gone || !this.child.connected) return;
    this.child.send(message, (error) => {
      if (error) this.kill();
    });
  }

  private receive(message: FromWorker): void {
    if (message.type === 'ready' || message.type === 'swapped') this.tableVersion = message.version;
    else if (message.type === 'certified') this.certified = message.sequence;
    else if (message.type === 'in-flight') this.counts.set(message.id, message);
    else this.failedWith = message;
    this.settle();
  }

  private answered(done: () => boolean, patienceMs = this.patienceMs): Promise<void> {
    if (this.gone || done()) return Promise.resolve();
    return new Promise((resolve) => {
      const patience = setTimeout(() => this.giveUp(), patienceMs);
      const question: Question = {
        done,
        resolve: () => {
          clearTimeout(patience);
          resolve();
        },
      };
      this.questions.add(question);
    });
  }

  /** One that is still starting has longer. */
  private get patienceMs(): number {
    const { workerStartMs, workerAnswerMs } = this.launch.start.limits;
    return this.tableVersion < 0 ? workerStartMs : workerAnswerMs;
  }

  private giveUp(): void {
    this.launch.logger.error({ worker: this.pid }, 'a router worker does not answer and is killed');
    this.kill();
  }

  private settle(): void {
    for (const question of this.questions) {
      if (!this.gone && !question.done()) continue;
      this.questions.delete(question);
      question.resolve();
    }
  }

  private onGone(): void {
    this.gone = true;
    this.settle();
  }

  private mustLive(): void {
    if (this.gone || this.failedWith) throw new WorkerFailed(this.failedWith);
  }
}

class WorkerFailed extends Error {
  readonly code: string | undefined;

  constructor(reason: { message: string; code: string | undefined } | undefined) {
    super(reason?.message ?? 'a router worker ended while it started');
    this.code = reason?.code;
  }
}
