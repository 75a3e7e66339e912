import type { Clock } from '../../shared/clock.js';
import { messageOf, TfkError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { ConnectionLost, ControlConnection, Refused, type Question } from './connection.js';
import type { CertificateSet, ControlReply, RouteApp, RouterStatus } from './protocol.js';

export interface RouterControlOptions {
  /** `routerPlaces(home).socket` */
  readonly socketPath: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when nobody answers at the socket, before each further try: start the router here (`startRouter`). */
  readonly revive?: () => Promise<unknown>;
}

export interface InFlightCounts {
  readonly requests: ReadonlyMap<string, number>;
  readonly upgraded: ReadonlyMap<string, number>;
}

const RETRY_STEP_MS = 50;
const RETRY_MOST_MS = 1_000;

interface Publication {
  readonly apps: readonly RouteApp[];
  readonly sequence: number;
}

interface PublishWaiter {
  readonly sequence: number;
  resolve(version: number): void;
  reject(error: Error): void;
}

/**
 * The control plane's end of the router's control socket. Keeps a connection, makes a new one when the router was restarted, and
 * then gives it the newest table again. Every call waits while the router is away, until `close`.
 */
export class RouterControl {
  private connection: Promise<ControlConnection> | undefined;
  private readonly closing = new AbortController();
  private readonly reconnectListeners = new Set<() => void>();
  private version = 0;
  private sequence = 0;
  private newest: Publication | undefined;
  private publishing = false;
  private waiters: PublishWaiter[] = [];
  private hadConnection = false;

  constructor(private readonly options: RouterControlOptions) {}

  /** Resolves when the router answers. */
  async connect(): Promise<RouterStatus> {
    return this.status();
  }

  /** Called each time the router was away and answers again; the newest table is on its way to it by then. */
  onReconnect(listener: () => void): () => void {
    this.reconnectListeners.add(listener);
    return () => this.reconnectListeners.delete(listener);
  }

  /**
   * Makes the router route by these apps. Resolves with the table's version when every worker does and the table is on the
   * router's disk; a newer call's table counts. Rejects with a TfkError when the router refuses it or `close` is called.
   */
  publish(apps: readonly RouteApp[]): Promise<number> {
    const sequence = ++this.sequence;
    this.newest = { apps, sequence };
    return new Promise((resolve, reject) => {
      if (this.closing.signal.aborted) {
        reject(closedError());
        return;
      }
      this.waiters.push({ sequence, resolve, reject });
      void this.publishAll();
    });
  }

  /**
   * Makes the router serve TLS by these certificates. Resolves when every worker does and they are on the router's disk; does
   * nothing where the router speaks no TLS. Call it again after `onReconnect`.
   */
  async certify(set: CertificateSet): Promise<void> {
    const { tlsPort } = await this.status();
    // A router of an older tfk would take the question for a stranger's, and hang up.
    if (tlsPort != null) await this.ask({ type: 'certify', set });
  }

  /** Requests under way per dyno instance, over all workers; upgraded connections apart. Those it does not know have 0. */
  async inFlight(instances: readonly string[]): Promise<InFlightCounts> {
    const reply = await this.ask({ type: 'in-flight', backends: instances });
    if (reply.type !== 'in-flight') throw unexpected(reply);
    return {
      requests: new Map(Object.entries(reply.requests)),
      upgraded: new Map(Object.entries(reply.upgraded)),
    };
  }

  async status(): Promise<RouterStatus> {
    const reply = await this.ask({ type: 'status' });
    if (reply.type !== 'status') throw unexpected(reply);
    return reply.status;
  }

  /** Replaces the workers by fresh ones, of the program now on disk; refuses nobody. */
  async reload(): Promise<void> {
    await this.ask({ type: 'reload' });
  }

  /** Ends the router, if one runs, and this object with it. */
  async shutdown(): Promise<void> {
    try {
      const connection = await ControlConnection.open(this.options.socketPath);
      this.closing.abort();
      await connection.ask({ type: 'shutdown' });
      await connection.closed;
    } catch (error) {
      if (error instanceof Refused) throw unavailable(error);
    } finally {
      await this.close();
    }
  }

  /** Lets go; the router routes on. */
  async close(): Promise<void> {
    this.closing.abort();
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter.reject(closedError());
    const connection = this.connection;
    this.connection = undefined;
    await connection?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  private async publishAll(): Promise<void> {
    if (this.publishing) return;
    this.publishing = true;
    while (this.newest && this.waiters.length > 0) await this.publishOnce(this.newest);
    this.publishing = false;
  }

  private async publishOnce({ apps, sequence }: Publication): Promise<void> {
    try {
      const version = await this.sendTable(apps);
      this.settle(sequence, (waiter) => waiter.resolve(version));
    } catch (error) {
      this.settle(sequence, (waiter) =>
        waiter.reject(error instanceof TfkError ? error : unavailable(error)),
      );
    }
  }

  private settle(sequence: number, how: (waiter: PublishWaiter) => void): void {
    const settled = this.waiters.filter((waiter) => waiter.sequence <= sequence);
    this.waiters = this.waiters.filter((waiter) => waiter.sequence > sequence);
    settled.forEach(how);
  }

  /** Above every version either side knows: a router takes only a higher one. */
  private async sendTable(apps: readonly RouteApp[]): Promise<number> {
    const { tableVersion } = await this.status();
    this.version = Math.max(this.version, tableVersion) + 1;
    const reply = await this.ask({ type: 'publish', table: { version: this.version, apps } });
    if (reply.type !== 'published') throw unexpected(reply);
    return reply.version;
  }

  private async ask(question: Question): Promise<ControlReply> {
    for (;;) {
      const connection = await this.connected();
      try {
        return await connection.ask(question);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw unavailable(error);
        // A broken socket says so a turn later only, and until then `connected` answers with it: without this wait that turn
        // would never come.
        await connection.closed;
        // A table that was being published is numbered anew: the router may have taken it before it went.
        if (question.type === 'publish') question = await this.renumbered(question);
      }
    }
  }

  private async renumbered(question: Extract<Question, { type: 'publish' }>): Promise<Question> {
    const { tableVersion } = await this.status();
    this.version = Math.max(this.version, tableVersion) + 1;
    return { type: 'publish', table: { ...question.table, version: this.version } };
  }

  private connected(): Promise<ControlConnection> {
    this.connection ??= this.open();
    return this.connection;
  }

  private async open(): Promise<ControlConnection> {
    for (let delay = 0; ; delay = Math.min(delay + RETRY_STEP_MS, RETRY_MOST_MS)) {
      if (this.closing.signal.aborted) throw closedError();
      try {
        const connection = await ControlConnection.open(this.options.socketPath);
        this.follow(connection);
        return connection;
      } catch (error) {
        this.options.logger.debug({ reason: messageOf(error) }, 'the router does not answer');
      }
      await this.revive();
      await this.options.clock.sleep(delay, this.closing.signal);
    }
  }

  private async revive(): Promise<void> {
    try {
      await this.options.revive?.();
    } catch (error) {
      this.options.logger.error({ reason: messageOf(error) }, 'the router could not be started');
    }
  }

  private follow(connection: ControlConnection): void {
    const again = this.hadConnection;
    this.hadConnection = true;
    void connection.closed.then(() => this.onLost());
    if (!again) return;
    this.options.logger.warn('the router answers again');
    if (this.newest && this.waiters.length === 0) this.publish(this.newest.apps).catch(() => undefined);
    for (const listener of this.reconnectListeners) listener();
  }

  private onLost(): void {
    this.connection = undefined;
    if (this.closing.signal.aborted) return;
    this.options.logger.warn('the connection to the router is lost');
    this.connected().catch(() => undefined);
  }
}

function unexpected(reply: ControlReply): TfkError {
  return new TfkError('internal_server_error', `The router answered '${reply.type}' to another question.`);
}

function unavailable(error: unknown): TfkError {
  if (error instanceof TfkError) return error;
  return new TfkError('unavailable', `The router did not do it: ${messageOf(error)}.`, { cause: error });
}

function closedError(): TfkError {
  return new TfkError('unavailable', 'The connection to the router is closed.');
}
