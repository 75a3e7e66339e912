import { constants } from 'node:fs';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { listSegments, segmentName } from '../control/access-log.js';
import type { RouterLimits } from '../limits.js';
import type { AccessLog } from './context.js';

export interface AccessLogOptions {
  readonly folder: string;
  readonly slot: number;
  readonly limits: RouterLimits;
  readonly logger: Logger;
  readonly wallClock: () => number;
}

/** Lines that wait for a slow or full disk; beyond this the newest are dropped, and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const FLUSH_BYTES = 64 * 1024;
const CREATE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;

/** Appends this worker's access lines to its segments, in batches; requests never wait for the disk. */
export class AccessLogFile implements AccessLog {
  private lines: string[] = [];
  private bytes = 0;
  private dropped = 0;
  private failing = false;
  private lastTime = 0;
  private file: FileHandle | undefined;
  private written = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(private readonly options: AccessLogOptions) {}

  write(appId: string, text: string): void {
    if (this.bytes > MAX_WAITING_BYTES) {
      this.dropped += 1;
      return;
    }
    const line = `{"appId":${JSON.stringify(appId)},"time":${this.time()},"text":${JSON.stringify(text)}}\n`;
    this.lines.push(line);
    this.bytes += line.length;
    if (this.bytes >= FLUSH_BYTES) this.startWriting();
    else this.timer ??= setTimeout(() => this.startWriting(), this.options.limits.logFlushMs);
  }

  /** Resolves when all that was written so far is in the file, or could not be. */
  async flush(): Promise<void> {
    this.startWriting();
    await this.writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.file?.close();
    this.file = undefined;
  }

  /** Microseconds, each line later than the one before, unless the clock was set back. */
  private time(): number {
    const now = this.options.wallClock() * 1000;
    const next = this.lastTime - now < 1_000_000 ? Math.max(now, this.lastTime + 1) : now;
    this.lastTime = next;
    return next;
  }

  private startWriting(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined;
    });
  }

  private async writeAll(): Promise<void> {
    while (this.lines.length > 0) {
      const batch = this.lines.join('');
      const count = this.lines.length;
      this.lines = [];
      this.bytes = 0;
      try {
        await this.append(batch);
        this.failing = false;
      } catch (error) {
        this.dropped += count;
        await this.abandonSegment(error);
      }
      this.reportDropped();
    }
  }

  private async append(batch: string): Promise<void> {
    this.file ??= await this.nextSegment();
    const data = Buffer.from(batch);
    // Not `write`, which may take a part only.
    await this.file.appendFile(data);
    this.written += data.length;
    if (this.written < this.options.limits.logSegmentBytes) return;
    await this.file.close();
    this.file = undefined;
  }

  /** What a failed write left may be half a line: nothing is appended behind it. */
  private async abandonSegment(error: unknown): Promise<void> {
    if (!this.failing)
      this.options.logger.error({ code: codeOf(error) }, `access log cannot be written: ${messageOf(error)}`);
    this.failing = true;
    await this.file?.close().catch(() => undefined);
    this.file = undefined;
  }

  private reportDropped(): void {
    if (this.dropped === 0 || this.failing) return;
    this.options.logger.warn({ lines: this.dropped }, 'access log lines were dropped');
    this.dropped = 0;
  }

  private async nextSegment(): Promise<FileHandle> {
    const { folder, slot } = this.options;
    const segments = await listSegments(folder);
    await this.makeRoom(segments.map(({ path }) => path));
    const last = segments.findLast((segment) => segment.slot === slot)?.seq ?? 0;
    this.written = 0;
    return open(join(folder, segmentName(slot, last + 1)), CREATE, 0o600);
  }

  private async makeRoom(paths: readonly string[]): Promise<void> {
    const excess = paths.length + 1 - this.options.limits.logSegments;
    if (excess <= 0) return;
    const aged = await Promise.all(paths.map(async (path) => ({ path, at: await changedAt(path) })));
    const oldest = aged.sort((a, b) => a.at - b.at).slice(0, excess);
    this.options.logger.warn({ segments: excess }, 'access log is not read: its oldest segments are deleted');
    await Promise.all(oldest.map(({ path }) => rm(path, { force: true })));
  }
}

async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
