import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildOutput } from '../engines/engine.js';
import { codeOf, messageOf, notFound } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';

const CHUNK = 64 * 1024;
/** What may still be written beyond the limit: the stages' own lines, and how the build ended. */
const RESERVE = 64 * 1024;

/** The output of all builds: one file a build, written by one, read by many while it grows and after. */
export class BuildOutputs {
  private readonly growing = new Map<string, BuildLog>();

  constructor(
    private readonly folder: string,
    private readonly maxBytes: number,
    private readonly logger: Logger,
  ) {}

  /** Starts a build's output, or goes on with what an earlier tfkd left of it. A full disk loses lines, never the build. */
  open(buildId: string): BuildLog {
    const log = new BuildLog(this.openFile(buildId), this.maxBytes, () => this.growing.delete(buildId));
    this.growing.set(buildId, log);
    return log;
  }

  /**
   * The output from byte `from` on, in chunks, following it until the build has ended. Ends at once after a finished one.
   * Throws `not_found` where there is none.
   */
  async *read(buildId: string, from = 0): AsyncGenerator<Buffer, void, undefined> {
    const file = await open(this.pathOf(buildId), 'r').catch((error: unknown) => {
      throw codeOf(error) === 'ENOENT' ? notFound('build', `There is no output of build ${buildId}.`) : error;
    });
    try {
      let at = from;
      for (;;) {
        // Asked before reading: what is written after the last read, and before the end, is then still read.
        const log = this.growing.get(buildId);
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
        at += bytesRead;
        if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
        else if (log === undefined) return;
        else await log.more(at);
      }
    } finally {
      await file.close();
    }
  }

  async remove(buildId: string): Promise<void> {
    await rm(this.pathOf(buildId), { force: true });
  }

  private openFile(buildId: string): number | null {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
      return openSync(this.pathOf(buildId), flags, 0o600);
    } catch (error) {
      this.logger.warn({ build: buildId, reason: messageOf(error) }, 'build output cannot be kept');
      return null;
    }
  }

  private pathOf(buildId: string): string {
    if (!/^[A-Za-z0-9-]{1,64}$/.test(buildId)) throw notFound('build', 'There is no such build.');
    return join(this.folder, `${buildId}.log`);
  }
}

/** The output of one build, in Heroku's markers. Lines are on disk when the call returns. */
export class BuildLog implements BuildOutput {
  private written = 0;
  private clipped = false;
  private waiting: (() => void)[] = [];

  constructor(
    private file: number | null,
    private readonly maxBytes: number,
    private readonly ended: () => void,
  ) {}

  step(text: string): void {
    this.write('-----> ', text, RESERVE);
  }

  detail(text: string): void {
    this.write('       ', text, 0);
  }

  warning(text: string): void {
    for (const line of text.split('\n')) this.write(' !     ', line, RESERVE);
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
    this.file = null;
    this.ended();
    this.wake();
  }

  /** Resolves when there is more than `bytes` to read, or when the output has ended. */
  more(bytes: number): Promise<void> {
    if (this.file === null || this.written > bytes) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private write(marker: string, text: string, beyond: number): void {
    const line = Buffer.from(`${marker}${text}`.trimEnd() + '\n');
    // Once cut it stays cut: a shorter line that would fit again would seem to follow the line before it.
    const kept = this.clipped && beyond === 0 ? 0 : this.maxBytes + beyond;
    if (this.written + line.length <= kept) this.append(line);
    else if (!this.clipped) {
      this.clipped = true;
      const limit = Math.floor(this.maxBytes / 1048576);
      this.append(
        Buffer.from(
          ` !     The output is longer than ${limit} MB: what the build prints from here on is not kept.\n`,
        ),
      );
    }
  }

  private append(line: Buffer): void {
    if (this.file === null) return;
    try {
      for (let at = 0; at < line.length;) at += writeSync(this.file, line, at);
      this.written += line.length;
    } catch {
      // A full disk: the build goes on, and its row still says how it ended.
    }
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
