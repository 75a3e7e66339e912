import type { Clock } from '../../../../shared/clock.js';
import { untilFolderChanges } from '../../../../shared/folder-change.js';
import type { DynoLine } from '../../../engine.js';
import type { ContainerEnd } from '../container-end.js';
import type { Delivery } from '../delivery.js';
import type { LogLimits } from '../log-config.js';
import { Resumption } from '../resumption.js';
import { FileTail, type Chunk } from './file-tail.js';

/** After a quiet time, how long the first line waits for others to share its batch. */
const GATHER_MS = 20;
/** How often an idle follower looks without having been told; each look of fifty is to be next to nothing. */
const IDLE_MS = 5_000;
/** How often to look for new files while a batch is being stored. */
const LOOK_MS = 500;

export interface FileLog {
  /** Where dockerd has the container's log files. */
  readonly folder: string;
  readonly limits: LogLimits;
}

/** Follows a container's log by the files that dockerd's `local` driver writes. */
export class FileFollower {
  private readonly tail: FileTail;
  private resumption = new Resumption(null);

  constructor(
    private readonly log: FileLog,
    private readonly delivery: Delivery,
    private readonly end: ContainerEnd,
    private readonly clock: Clock,
  ) {
    this.tail = new FileTail(log.folder, log.limits);
  }

  /** Resolves when the container has ended and all is delivered, or when following was aborted. */
  async follow(): Promise<void> {
    try {
      await this.open();
      while (!this.end.isAborted()) {
        // Asked before reading: if it had ended by then, there is nothing more.
        const ended = this.end.hasEnded();
        const chunk = await this.tail.read(ended);
        if (chunk) await this.handle(chunk);
        else if (ended) break;
        else await this.untilMore();
      }
      await this.delivery.finish(this.resumption.unresolved);
    } finally {
      await this.tail.close();
    }
  }

  private async open(): Promise<void> {
    const { mark, offset } = this.delivery.progress;
    if (await this.tail.open(mark, offset)) return;
    this.resumption = new Resumption(mark, Math.max(1, this.log.limits.fileBytes - (offset ?? Infinity)));
  }

  private async handle({ records, recordsEnd, lost }: Chunk): Promise<void> {
    const { delivery } = this;
    const lines: DynoLine[] = [];
    for (const record of records) {
      const { skip, lost: gap } = this.resumption.judge(record);
      if (gap > 0) await delivery.lose(gap);
      if (!skip) delivery.progress.take(record, lines);
    }
    if (records.length > 0) delivery.progress.offset = recordsEnd;
    await this.deliver(lines);
    if (lost > 0) await delivery.lose(lost);
  }

  /** A file that comes and goes while the batch is stored is lost unless it is opened. */
  private async deliver(lines: readonly DynoLine[]): Promise<void> {
    const stored = new AbortController();
    const looking = this.lookUntil(stored.signal);
    try {
      await this.delivery.deliver(lines);
    } finally {
      stored.abort();
      await looking;
    }
  }

  /** Never rejects: what keeps it from looking keeps the next read from reading, which says so. */
  private async lookUntil(stored: AbortSignal): Promise<void> {
    for (;;) {
      await this.clock.sleep(LOOK_MS, stored);
      if (stored.aborted) return;
      await this.tail.look().catch(() => undefined);
    }
  }

  private async untilMore(): Promise<void> {
    const { folder } = this.log;
    const { signal } = this.end;
    const missed = async () => signal.aborted || (await this.tail.hasMore());
    do await untilFolderChanges({ folder, atMostMs: IDLE_MS, missed, signal }, this.clock);
    while (!(await missed()));
    await this.clock.sleep(GATHER_MS, signal);
  }
}
