import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../shared/clock.js';
import type { Logger } from '../../../shared/logger.js';
import type { LogBatch } from '../../engine.js';
import type { DockerClient } from '../client.js';
import { ApiFollower } from './api/api-follower.js';
import { ContainerEnd, isGone } from './container-end.js';
import { Delivery } from './delivery.js';
import { FileFollower, type FileLog } from './file/file-follower.js';
import { NotReadable } from './file/file-tail.js';
import { limitsOf } from './log-config.js';

export interface DynoLogsParts {
  readonly client: DockerClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What dockerd says of a container's log. */
interface ContainerLog {
  /** The whole id. */
  readonly id: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Follows what dynos write, by dockerd's log files where tfkd can read them: that is lossless at full speed and costs dockerd
 * nothing. Elsewhere (a remote dockerd, no rights to its folder, files of a later format) by the API. Each goes on from the
 * other's cursor.
 */
export class DynoLogs {
  constructor(private readonly parts: DynoLogsParts) {}

  /** `followLogs` of the engine contract, by the id of a container that was started. */
  async follow(
    containerId: string,
    cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const log = await this.inspect(containerId);
    if (!log || signal.aborted) return;
    const end = new ContainerEnd(this.parts.client, this.parts.clock, log.id, signal);
    const watching = end.watch();
    try {
      // Its output went to whoever was attached.
      if (log.driver === 'none') await watching;
      else await this.followLog(log, new Delivery(cursor, deliver, signal), end);
    } finally {
      end.stop();
      await watching;
    }
  }

  private async followLog(log: ContainerLog, delivery: Delivery, end: ContainerEnd): Promise<void> {
    const files = await this.readableFiles(log);
    if (files && (await this.followFiles(files, delivery, end))) return;
    await new ApiFollower(this.parts, log.id, delivery, end).follow();
  }

  /** False for files of a format that is not known here. */
  private async followFiles(files: FileLog, delivery: Delivery, end: ContainerEnd): Promise<boolean> {
    try {
      await new FileFollower(files, delivery, end, this.parts.clock).follow();
      return true;
    } catch (error) {
      if (!(error instanceof NotReadable)) throw error;
      this.parts.logger.warn(
        { folder: files.folder, reason: error.message },
        'a log is read by the Docker API',
      );
      return false;
    }
  }

  private async inspect(containerId: string): Promise<ContainerLog | null> {
    try {
      const container = (await this.parts.client.api()).getContainer(containerId);
      const { Id, HostConfig } = await container.inspect();
      const { Type = '', Config = {} } = (HostConfig.LogConfig ?? {}) as {
        readonly Type?: string;
        readonly Config?: Record<string, string>;
      };
      return { id: Id, driver: Type, options: Config };
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  private async readableFiles({ id, driver, options }: ContainerLog): Promise<FileLog | null> {
    const host = await this.parts.client.host();
    if (!host.local || driver !== 'local' || options['compress'] !== 'false') return null;
    const folder = join(host.rootDir, 'containers', id, 'local-logs');
    const readable = await access(folder, constants.R_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    return readable ? { folder, limits: limitsOf(options) } : null;
  }
}
