import { randomUUID } from 'node:crypto';
import { codeOf, messageOf } from '../shared/errors.js';
import { createLogger, type Logger } from '../shared/logger.js';
import { logFolder } from './control/access-log.js';
import type { CertificateSet } from './control/protocol.js';
import type { FromWorker, ToWorker, WorkerStart } from './holder/messages.js';
import { openFileLimit } from './open-files.js';
import { AccessLogFile } from './proxy/access-log-file.js';
import type { ProxyContext, Watched } from './proxy/context.js';
import { LiveCertificates } from './proxy/live-certificates.js';
import { LiveTable } from './proxy/live-table.js';
import { Proxy } from './proxy/proxy.js';
import { createProxyServer, renewFallback, stopAccepting, type Server } from './proxy/server.js';

/** Descriptors for logs, IPC and the rest; what remains is halved, since a request may need two. */
const RESERVED_FILES = 200;
const FIRST_LISTENER_FD = 3;

/** One worker: accepts on inherited sockets and serves by the tables its holder sends. It ends when its holder is gone. */
class Worker {
  private readonly table: LiveTable;
  private readonly certificates: LiveCertificates;
  private readonly log: AccessLogFile;
  private readonly servers: readonly Server[];
  private readonly watched = new Set<Watched>();
  private draining = false;

  constructor(
    private readonly start: WorkerStart,
    private readonly logger: Logger,
    private readonly send: (message: FromWorker) => void,
  ) {
    const { limits, slot, home, entrances } = start;
    this.certificates = new LiveCertificates(start.certificateKey, logger);
    this.table = new LiveTable(limits);
    const folder = logFolder(home);
    this.log = new AccessLogFile({ folder, slot, limits, logger, wallClock: () => Date.now() });
    const proxy = new Proxy(this.context(), this.table);
    const affordable = Math.floor((openFileLimit() - RESERVED_FILES) / 2 / entrances.length);
    const maxConnections = Math.max(10, Math.min(start.maxConnections, affordable));
    const { certificates } = this;
    this.servers = entrances.map((entrance) =>
      createProxyServer({ proxy, limits, maxConnections, entrance, certificates }),
    );
  }

  async listen(): Promise<void> {
    this.table.swap(this.start.table, performance.now());
    this.certify(this.start.certificates);
    setInterval(() => this.check(), this.start.limits.checkMs).unref();
    await Promise.all(this.servers.map((server, i) => listenOn(server, FIRST_LISTENER_FD + i)));
    this.send({ type: 'ready', version: this.table.version });
  }

  receive(message: ToWorker): void {
    if (message.type === 'table') {
      if (message.table.version > this.table.version) this.table.swap(message.table, performance.now());
      this.send({ type: 'swapped', version: this.table.version });
    } else if (message.type === 'certificates') {
      this.certify(message.set);
      this.send({ type: 'certified', sequence: message.sequence });
    } else if (message.type === 'in-flight') {
      this.send({ type: 'in-flight', id: message.id, ...this.table.inFlight(message.backends) });
    } else if (message.type === 'drain') {
      this.drain(message.deadlineMs, message.idleMs);
    }
  }

  /** Serves what is open, takes nothing new, and ends the process. */
  drain(deadlineMs: number, idleMs: number): void {
    if (this.draining) return;
    this.draining = true;
    let open = this.servers.length;
    for (const server of this.servers) stopAccepting(server, () => --open === 0 && void this.end());
    // A client may have a request on the wire on a connection that looks idle: those get a moment to arrive.
    setTimeout(() => setInterval(() => this.closeIdle(), Math.min(100, this.start.limits.checkMs)), idleMs);
    setTimeout(() => void this.end(), deadlineMs);
  }

  /** The holder is gone, or the machine goes down. */
  leave(): void {
    this.drain(this.start.limits.shutdownMs, this.start.limits.drainIdleMs);
  }

  private async end(): Promise<void> {
    for (const server of this.servers) server.closeAllConnections();
    await this.log.close().catch((error: unknown) => this.logger.error(messageOf(error)));
    process.exit(0);
  }

  private closeIdle(): void {
    for (const server of this.servers) server.closeIdleConnections();
  }

  private certify(set: CertificateSet): void {
    this.certificates.swap(set);
    for (const server of this.servers) renewFallback(server, this.certificates);
  }

  private check(): void {
    const now = performance.now();
    for (const watched of this.watched) watched.check(now);
    this.table.check(now);
  }

  private context(): ProxyContext {
    return {
      limits: this.start.limits,
      log: {
        write: (appId, text) => this.log.write(appId, text),
      },
      now: () => performance.now(),
      wallClock: () => Date.now(),
      newRequestId: () => randomUUID(),
      isDraining: () => this.draining,
      watched: this.watched,
    };
  }
}

function listenOn(server: Server, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd, backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function main(): void {
  const send = (message: FromWorker): void => {
    if (process.connected) process.send?.(message);
  };
  let worker: Worker | undefined;
  process.on('message', (message: ToWorker) => {
    if (message.type !== 'start') return worker?.receive(message);
    worker = new Worker(message.start, createLogger(message.start.logLevel, 'router-worker'), send);
    worker.listen().catch((error: unknown) => {
      send({ type: 'failed', message: messageOf(error), code: codeOf(error) });
      process.disconnect();
    });
  });
  const leave = (): void => (worker ? worker.leave() : process.exit(0));
  process.on('disconnect', leave);
  process.on('SIGTERM', leave);
  // A terminal's Ctrl-C reaches the whole group; the holder decides what ends.
  process.on('SIGINT', () => undefined);
}

main();
