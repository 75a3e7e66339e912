import type { Readable } from 'node:stream';
import type { Clock } from '../../../../shared/clock.js';
import type { DynoLine } from '../../../engine.js';
import type { DockerClient } from '../../client.js';
import { isGone, type ContainerEnd } from '../container-end.js';
import type { Delivery } from '../delivery.js';
import type { Mark } from '../progress.js';
import type { LogRecord } from '../records/record.js';
import { DISORDER_MICROS, Resumption } from '../resumption.js';
import { LogFrames } from './log-frames.js';

/** How long to wait before asking again after a stream that ended without anything new. */
const PAUSE_MS = 100;

/**
 * Follows a container's log by the API. A stream may end before the container does (with the `local` driver of Docker 20.10 at
 * each change of files): then the next one is asked for from a little before the record taken last, and goes on behind it.
 */
export class ApiFollower {
  constructor(
    private readonly parts: { readonly client: DockerClient; readonly clock: Clock },
    private readonly containerId: string,
    private readonly delivery: Delivery,
    private readonly end: ContainerEnd,
  ) {}

  /** Resolves when the container has ended and all is delivered, or when following was aborted. */
  async follow(): Promise<void> {
    while (!this.end.isAborted()) {
      // Asked before reading: if it had ended by then, there is nothing more.
      const ended = this.end.hasEnded();
      const resumption = new Resumption(this.delivery.progress.mark);
      const { whole, some } = await this.readOnce(resumption);
      if (this.end.isAborted()) return;
      if (ended && whole) return this.delivery.finish(resumption.unresolved);
      if (!some) await this.parts.clock.sleep(PAUSE_MS, this.end.signal);
    }
  }

  /** `whole`: the stream ended as it should. `some`: there was something new. */
  private async readOnce(resumption: Resumption): Promise<{ whole: boolean; some: boolean }> {
    const stream = await this.open();
    if (!stream) return { whole: true, some: false };
    const frames = new LogFrames();
    let some = false;
    for await (const chunk of chunksOf(stream)) {
      const lines = await this.take(frames.take(chunk), resumption);
      some ||= lines.length > 0;
      await this.delivery.deliver(lines);
    }
    return { whole: stream.readableEnded, some };
  }

  private async take(records: readonly LogRecord[], resumption: Resumption): Promise<DynoLine[]> {
    const { progress } = this.delivery;
    const lines: DynoLine[] = [];
    for (const record of records) {
      const { skip, lost } = resumption.judge(record);
      if (lost > 0) await this.delivery.lose(lost);
      if (!skip) progress.take(record, lines);
    }
    progress.offset = null;
    return lines;
  }

  /** Null for a container that is gone. */
  private async open(): Promise<Readable | null> {
    const { mark } = this.delivery.progress;
    const { caller } = this.end;
    const from = mark ? { since: sinceOf(mark) } : {};
    const what = { follow: true, stdout: true, stderr: true, timestamps: true, ...from } as const;
    try {
      const container = (await this.parts.client.api()).getContainer(this.containerId);
      return (await container.logs({ ...what, abortSignal: caller })) as unknown as Readable;
    } catch (error) {
      if (isGone(error) || caller.aborted) return null;
      throw error;
    }
  }
}

/** To the stream's end, or until its connection is lost or given up: whoever asks again is told why. */
async function* chunksOf(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch {
    return;
  }
}

/** A little before the mark: what stands behind it may carry an earlier time. Text, since a number loses the nanoseconds. */
function sinceOf({ time }: Mark): string {
  const micros = time.micros - DISORDER_MICROS;
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}000`;
}
