import { open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../shared/errors.js';

/** A place in a dyno's output. */
export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
}

export const START: LogPosition = { segment: 0, offset: 0 };

export const cursorOf = (position: LogPosition): string => JSON.stringify(position);

/** What is no cursor of this engine starts over, rather than leaving a dyno without logs. */
export function positionOf(cursor: string | null): LogPosition {
  if (cursor === null) return START;
  try {
    const { segment, offset } = JSON.parse(cursor) as Partial<LogPosition>;
    const whole = Number.isSafeInteger(segment) && Number.isSafeInteger(offset);
    return whole && segment !== undefined && offset !== undefined ? { segment, offset } : START;
  } catch {
    return START;
  }
}

export interface Chunk {
  readonly bytes: Buffer;
  /** Where its first byte stands. */
  readonly at: LogPosition;
  /** Bytes before it that the budget has deleted unread. */
  readonly lost: number;
}

/** Reads the segments of one run folder as one stream of bytes. An open segment is read to its end even when it is deleted. */
export class SegmentReader {
  private file: { readonly handle: FileHandle; readonly segment: number } | null = null;

  constructor(
    private readonly run: string,
    private position: LogPosition,
  ) {}

  /** The next bytes, at most `limit`; null when there are none now. */
  async read(limit: number): Promise<Chunk | null> {
    for (;;) {
      // Looked at before reading: once there is a later segment, this one does not grow.
      const next = await this.following();
      const bytes = await this.readHere(limit);
      if (bytes) {
        const at = this.position;
        this.position = { segment: at.segment, offset: at.offset + bytes.length };
        return { bytes, at, lost: 0 };
      }
      if (next === null) return null;
      const lost = await this.lostBefore(next);
      await this.moveTo(next);
      if (lost > 0) return { bytes: Buffer.alloc(0), at: this.position, lost };
    }
  }

  get offset(): number {
    return this.position.offset;
  }

  /** The path of the segment that is read now. */
  get path(): string {
    return join(this.run, nameOf(this.position.segment));
  }

  async close(): Promise<void> {
    await this.file?.handle.close();
    this.file = null;
  }

  private async readHere(limit: number): Promise<Buffer | null> {
    const handle = await this.open();
    if (!handle) return null;
    const buffer = Buffer.allocUnsafe(limit);
    const { bytesRead } = await handle.read(buffer, 0, limit, this.position.offset);
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
  }

  private async open(): Promise<FileHandle | null> {
    const { segment } = this.position;
    if (this.file?.segment === segment) return this.file.handle;
    try {
      this.file = { handle: await open(this.path, 'r'), segment };
      return this.file.handle;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  private async following(): Promise<number | null> {
    const later = (await segmentsIn(this.run)).filter((segment) => segment > this.position.segment);
    return later[0] ?? null;
  }

  private async moveTo(segment: number): Promise<void> {
    await this.close();
    this.position = { segment, offset: 0 };
  }

  /** What stood between the position and the segment to come, and was deleted before this reader had opened it. */
  private async lostBefore(next: number): Promise<number> {
    const { segment, offset } = this.position;
    let lost = 0;
    for (const [number, size] of await droppedIn(this.run)) {
      if (number < segment || number >= next || this.file?.segment === number) continue;
      lost += number === segment ? Math.max(0, size - offset) : size;
    }
    return lost;
  }
}

/** The numbers of the segments that are there, rising. */
export async function segmentsIn(run: string): Promise<number[]> {
  const names = await readdir(run);
  return names
    .filter((name) => /^log\.\d+$/.test(name))
    .map((name) => Number(name.slice(4)))
    .sort((a, b) => a - b);
}

/** Frees what lies wholly before a committed position. */
export async function forgetBefore(run: string, position: LogPosition): Promise<void> {
  for (const segment of await segmentsIn(run)) {
    if (segment < position.segment) await rm(join(run, nameOf(segment)), { force: true });
  }
}

const nameOf = (segment: number): string => `log.${String(segment).padStart(8, '0')}`;

async function droppedIn(run: string): Promise<Map<number, number>> {
  const text = await readFile(join(run, 'dropped'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  const pairs = [...text.matchAll(/^(\d+) (\d+)$/gm)];
  return new Map(pairs.map(([, segment, size]) => [Number(segment), Number(size)]));
}
