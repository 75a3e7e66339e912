import type { Clock } from '../../../shared/clock.js';
import type { Logger } from '../../../shared/logger.js';
import type { LogBatch } from '../../engine.js';
import type { DynoFolder, DynoRecord } from '../dynos/dyno-folder.js';
import type { Observer } from '../dynos/observe.js';
import type { Processes } from '../host/processes.js';
import { startLogger } from '../shim/shim.js';
import { Follower } from './follower.js';
import { segmentsIn } from './segments.js';

export interface Following {
  readonly folder: DynoFolder;
  readonly record: DynoRecord;
  readonly cursor: string | null;
  readonly deliver: (batch: LogBatch) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface FollowingParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: Observer;
  readonly processes: Processes;
}

/** How long a logger must be missing before another takes its place. */
const LOGGER_GRACE_MS = 1_000;

/** Follows a dyno's log to its end, and sees to it that something reads what the dyno writes. */
export async function followDyno(following: Following, parts: FollowingParts): Promise<void> {
  const { folder, cursor, deliver, signal } = following;
  const watchdog = new LoggerWatchdog(following, parts);
  const follower = new Follower(
    { run: folder.run, finished: () => watchdog.finished() },
    cursor,
    parts.clock,
  );
  try {
    await follower.follow(deliver, signal);
  } catch (error) {
    // Removed while it was followed: its unread lines went with it.
    if ((await folder.record()) !== null) throw error;
  }
}

class LoggerWatchdog {
  private missingSince: number | null = null;

  constructor(
    private readonly following: Following,
    private readonly parts: FollowingParts,
  ) {}

  /** True when nothing more will be written: all is drained, or nobody is left to do it. */
  async finished(): Promise<boolean> {
    const { folder, record } = this.following;
    if (await folder.has('drained')) return true;
    if ((await this.parts.observer.liveness(folder, record, 'logger')) !== 'dead') return this.noteAlive();
    if (await this.isStillRead()) return this.noteAlive();
    const state = await this.parts.observer.observe(folder, record);
    // Without a logger it is being started; one that has ended so was cut off before its shim ran, and never had any.
    if (state.kind !== 'exited') {
      return (await folder.has('logger')) ? this.replaceLogger() : this.noteAlive();
    }
    return (
      (await this.parts.observer.liveness(folder, record, 'shim')) === 'dead' &&
      !(await folder.has('drained'))
    );
  }

  /** A dd that outlived its logger goes on until its segment is full; two readers would tear the lines apart. */
  private async isStillRead(): Promise<boolean> {
    const near = await this.parts.processes.workingBelow(this.following.folder.run);
    const rows = await Promise.all(near.map((pid) => this.parts.processes.read(pid)));
    return rows.some((row) => row?.name === 'dd');
  }

  private noteAlive(): boolean {
    this.missingSince = null;
    return false;
  }

  private async replaceLogger(): Promise<boolean> {
    const now = this.parts.clock.now();
    this.missingSince ??= now;
    if (now - this.missingSince < LOGGER_GRACE_MS) return false;
    this.missingSince = null;
    const { folder, record } = this.following;
    const next = ((await segmentsIn(folder.run)).at(-1) ?? -1) + 1;
    this.parts.logger.warn(
      { dyno: record.labels.dyno, segment: next },
      'a dyno lost its logger, another one takes over',
    );
    await startLogger(folder.run, next);
    return false;
  }
}
