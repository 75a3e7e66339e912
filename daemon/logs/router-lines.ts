import { watch, type FSWatcher } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { listSegments, type LogSegment } from '../router/control/access-log.js';
import type { Clock } from '../shared/clock.js';
import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { AccessSegment, type AccessChunk } from './access-segment.js';
import type { Logs, NewLogLine } from './entry.js';

const POLL_MS = 100;
/** After a change: more lines of the same moment go into the same transaction. */
const GATHER_MS = 20;
const RETRY_MS = 1_000;

export interface RouterLinesOptions {
  /** `<home>/router/log`; daemon/router/control/access-log.ts says what is in it. */
  readonly folder: string;
  readonly logs: Pick<Logs, 'append' | 'cursor'> & { forget(appId: string, source: string): void };
  /** Lines of apps that are gone are passed over. */
  readonly isApp: (appId: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Found extends LogSegment {
  /** Names the file for ever: a cursor must not be taken for that of another file of the same name. */
  readonly source: string;
  readonly size: number;
}

/**
 * Brings the router's access log into the apps' logs, each line once: an app's lines and how far it got in the file are
 * committed together. A file belongs to many apps, so after a restart it is read from its start again, and each app skips
 * what it has. A file is removed when it is finished and all of it is committed.
 */
export class RouterLines {
  private readonly segments = new Map<string, AccessSegment>();
  private readonly ending = new AbortController();
  private changed = new AbortController();
  private watcher: FSWatcher | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: RouterLinesOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** Nothing is appended once it has resolved. */
  async stop(): Promise<void> {
    this.ending.abort();
    this.changed.abort();
    await this.running;
    this.watcher?.close();
  }

  /** Takes all lines that are there. */
  async pass(): Promise<void> {
    const files = await this.find();
    this.forgetVanished(files);
    for (const file of files) {
      const segment = this.segments.get(file.source) ?? this.begin(file);
      while (!this.ending.signal.aborted && (await this.takeChunk(file, segment))) await nextTurn();
      if (file.finished && !this.ending.signal.aborted) await this.remove(file, segment);
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      try {
        this.watcher ??= this.watch();
        await this.pass();
        await this.pause();
      } catch (error) {
        this.options.logger.warn({ reason: messageOf(error) }, 'router lines cannot be taken, trying again');
        await this.options.clock.sleep(RETRY_MS, signal);
      }
    }
  }

  /** Until something changes, or a little while: watching is only a quicker poll, and may not work everywhere. */
  private async pause(): Promise<void> {
    await this.options.clock.sleep(POLL_MS, this.changed.signal);
    if (this.changed.signal.aborted) await this.options.clock.sleep(GATHER_MS, this.ending.signal);
    this.changed = new AbortController();
    if (this.ending.signal.aborted) this.changed.abort();
  }

  private watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.options.folder, () => this.changed.abort());
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }

  private begin(file: Found): AccessSegment {
    const segment = new AccessSegment(file.path, file.source);
    this.segments.set(file.source, segment);
    return segment;
  }

  /** Answers whether there was anything to take. What a finished file ends with beyond that is half a line: nobody's. */
  private async takeChunk(file: Found, segment: AccessSegment): Promise<boolean> {
    if (segment.offset >= file.size) return false;
    const chunk = await segment.next();
    if (!chunk) return false;
    for (const [appId, lines] of this.newLines(segment, chunk)) {
      this.options.logs.append(appId, lines, { source: segment.source, value: String(chunk.end) });
      segment.committed.set(appId, chunk.end);
    }
    if (chunk.malformed > 0) {
      const { malformed } = chunk;
      this.options.logger.warn({ file: file.path, malformed }, 'passed over what is no access line');
    }
    segment.advance(chunk);
    return true;
  }

  /** By app, what it does not have yet. */
  private newLines(segment: AccessSegment, chunk: AccessChunk): Map<string, NewLogLine[]> {
    const lines = new Map<string, NewLogLine[]>();
    for (const { line, end } of chunk.lines) {
      if (!this.options.isApp(line.appId) || end <= this.committed(segment, line.appId)) continue;
      const ofApp = lines.get(line.appId) ?? [];
      ofApp.push(routerLine(line.time, line.text));
      lines.set(line.appId, ofApp);
    }
    return lines;
  }

  private committed(segment: AccessSegment, appId: string): number {
    const known = segment.committed.get(appId);
    if (known !== undefined) return known;
    const stored = Number(this.options.logs.cursor(appId, segment.source) ?? 0);
    segment.committed.set(appId, stored);
    return stored;
  }

  /** The file first: a cursor without a file is harmless, a file without its cursors would come twice. */
  private async remove(file: Found, segment: AccessSegment): Promise<void> {
    await rm(file.path, { force: true });
    this.forget(segment);
  }

  private forgetVanished(files: readonly Found[]): void {
    const sources = new Set(files.map(({ source }) => source));
    for (const [source, segment] of this.segments) if (!sources.has(source)) this.forget(segment);
  }

  private forget(segment: AccessSegment): void {
    this.segments.delete(segment.source);
    for (const appId of segment.committed.keys()) this.options.logs.forget(appId, segment.source);
  }

  /** The sizes are asked for after the list was made: a file that is finished in it has its last size. */
  private async find(): Promise<Found[]> {
    const found: Found[] = [];
    for (const segment of await listSegments(this.options.folder)) {
      const stats = await stat(segment.path).catch(() => null);
      if (!stats?.isFile()) continue;
      found.push({ ...segment, source: `router/${basename(segment.path)}@${stats.ino}`, size: stats.size });
    }
    return found;
  }
}

function routerLine(time: number, text: string): NewLogLine {
  return { time: Math.floor(time), source: 'heroku', dyno: 'router', stream: null, release: null, text };
}
