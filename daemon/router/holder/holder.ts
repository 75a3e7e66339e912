import type { Socket } from 'node:net';
import { messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { isCertificateSet } from '../control/certificates.js';
import { readLines, writeLine } from '../control/lines.js';
import type { ControlReply, ControlRequest, RouterStatus, RouteTable } from '../control/protocol.js';
import { isRouteTable } from '../control/table.js';
import type { CertificateFile } from './certificate-file.js';
import type { TableFile } from './table-file.js';
import type { Workers } from './workers.js';

export interface HolderOptions {
  readonly workers: Workers;
  readonly tableFile: TableFile;
  /** The table the workers were started with. */
  readonly table: RouteTable;
  readonly certificateFile: CertificateFile;
  readonly port: number;
  /** Null: no TLS. */
  readonly tlsPort: number | null;
  readonly version: string;
  readonly startedAt: number;
  readonly logger: Logger;
  /** Called when the router was asked to end, after it has. */
  readonly onShutdown: () => void;
}

/** Speaks control/protocol.ts on behalf of the workers. */
export class Holder {
  private version: number;
  private reloading: Promise<void> = Promise.resolve();

  constructor(private readonly options: HolderOptions) {
    this.version = options.table.version;
  }

  converse(socket: Socket): void {
    socket.on('error', (error) =>
      this.options.logger.warn({ reason: error.message }, 'a control connection broke'),
    );
    readLines(socket, (message) => {
      if (!isRequest(message)) return void socket.destroy(new Error('not a control request'));
      this.answer(message).then(
        (reply) => writeLine(socket, reply),
        (error: unknown) => writeLine(socket, { type: 'failed', id: message.id, message: messageOf(error) }),
      );
    });
  }

  private async answer(request: ControlRequest): Promise<ControlReply> {
    const { id } = request;
    switch (request.type) {
      case 'publish':
        return { type: 'published', id, version: await this.publish(request.table) };
      case 'certify':
        await this.certify(request.set);
        return { type: 'done', id };
      case 'in-flight':
        return { type: 'in-flight', id, ...(await this.options.workers.inFlight(request.backends)) };
      case 'status':
        return { type: 'status', id, status: this.status() };
      case 'reload':
        await (this.reloading = this.reloading
          .catch(() => undefined)
          .then(() => this.options.workers.reload()));
        return { type: 'done', id };
      case 'shutdown':
        await this.options.workers.stop();
        setImmediate(this.options.onShutdown);
        return { type: 'done', id };
    }
  }

  private async publish(table: unknown): Promise<number> {
    if (!isRouteTable(table)) throw new Error('this is not a route table');
    if (table.version <= this.version) {
      throw new Error(
        `table ${table.version} is not newer than ${this.version}, by which this router routes`,
      );
    }
    this.version = table.version;
    await Promise.all([this.options.workers.swap(table), this.options.tableFile.save(table)]);
    return table.version;
  }

  private async certify(set: unknown): Promise<void> {
    if (!isCertificateSet(set)) throw new Error('this is not a set of certificates');
    await Promise.all([this.options.workers.certify(set), this.options.certificateFile.save(set)]);
  }

  private status(): RouterStatus {
    const { port, tlsPort, version, startedAt, workers } = this.options;
    const ports = { port, tlsPort };
    return {
      pid: process.pid,
      startedAt,
      version,
      tableVersion: this.version,
      ...ports,
      workers: workers.pids,
    };
  }
}

const TYPES: ReadonlySet<unknown> = new Set([
  'publish',
  'certify',
  'in-flight',
  'status',
  'reload',
  'shutdown',
]);

function isRequest(message: unknown): message is ControlRequest {
  if (typeof message !== 'object' || message === null) return false;
  const { type, id, backends } = message as Record<string, unknown>;
  if (!TYPES.has(type) || typeof id !== 'number') return false;
  return (
    type !== 'in-flight' ||
    (Array.isArray(backends) && backends.every((backend) => typeof backend === 'string'))
  );
}
