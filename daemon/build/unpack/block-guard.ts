import { Transform, type TransformCallback } from 'node:stream';
import { Refusal } from './refusal.js';

const BLOCK = 512;
const MAX_EXTENDED_HEADER = 1024 * 1024;
const RATIO_FREE_BYTES = 10 * 1024 * 1024;
const MAX_RATIO = 200;

/** `x`, `g`: PAX records; `L`, `K`: GNU's long names. */
const EXTENDED = new Set(['x', 'g', 'L', 'K']);
const KINDS: Readonly<Record<string, string>> = {
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a FIFO',
  '7': 'a contiguous file',
  S: 'a sparse file',
};

export interface GuardLimits {
  /** Bytes of the unpacked archive. */
  readonly bytes: number;
  /** Headers of files, folders and links. */
  readonly entries: number;
  /** Compressed bytes that were read so far. */
  readonly packedBytes: () => number;
}

/**
 * Walks the raw blocks of a tar archive and lets them through unchanged, or fails with a Refusal: so that nothing which a
 * parser might read differently, choke on or never finish reaches the parser behind it.
 */
export class BlockGuard extends Transform {
  private header: Buffer = Buffer.alloc(0);
  private body = 0;
  private total = 0;
  private entries = 0;
  private zeroBlocks = 0;

  constructor(private readonly limits: GuardLimits) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.count(chunk.length);
      this.walk(chunk);
      done(null, chunk);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _flush(done: TransformCallback): void {
    const whole = this.body === 0 && this.header.length === 0 && this.zeroBlocks >= 2;
    done(whole ? null : new Refusal('the archive is cut short'));
  }

  private count(bytes: number): void {
    this.total += bytes;
    if (this.total > this.limits.bytes) {
      throw new Refusal(
        `the source is larger than ${Math.floor(this.limits.bytes / 1048576)} MB when unpacked`,
      );
    }
    if (this.total > RATIO_FREE_BYTES && this.total > MAX_RATIO * this.limits.packedBytes()) {
      throw new Refusal(`the archive unpacks to more than ${MAX_RATIO} times its size`);
    }
  }

  private walk(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.body > 0) {
        const skipped = Math.min(this.body, chunk.length - at);
        this.body -= skipped;
        at += skipped;
        continue;
      }
      const part = chunk.subarray(at, at + BLOCK - this.header.length);
      at += part.length;
      this.header = this.header.length === 0 ? part : Buffer.concat([this.header, part]);
      if (this.header.length < BLOCK) return;
      this.judge(this.header);
      this.header = Buffer.alloc(0);
    }
  }

  private judge(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.zeroBlocks++;
      return;
    }
    if (this.zeroBlocks > 0) throw new Refusal('the archive goes on after its end mark');
    const type = block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0);
    const size = sizeOf(block);
    if (EXTENDED.has(type)) this.judgeExtended(size);
    else this.judgeEntry(type, size);
    this.body = Math.ceil(size / BLOCK) * BLOCK;
  }

  private judgeExtended(size: number): void {
    if (size > MAX_EXTENDED_HEADER) throw new Refusal('an extended header is larger than 1 MiB');
  }

  private judgeEntry(type: string, size: number): void {
    if (!['0', '1', '2', '5'].includes(type)) {
      throw new Refusal(
        `it holds ${KINDS[type] ?? 'an entry of an unknown kind'}: only files, folders and links are taken`,
      );
    }
    if (type !== '0' && size > 0) throw new Refusal('a folder or link in it claims to have content');
    this.entries++;
    if (this.entries > this.limits.entries) {
      throw new Refusal(`the source has more than ${this.limits.entries} files`);
    }
  }
}

/** Octal digits only: the base-256 form is for sizes far above every limit here. */
function sizeOf(block: Buffer): number {
  const [, digits] = /^ *([0-7]*)[ \0]*$/.exec(block.toString('latin1', 124, 136)) ?? [];
  if (digits === undefined) throw new Refusal('an entry has no readable size');
  return digits === '' ? 0 : parseInt(digits, 8);
}
