import type { RecordTime } from './record.js';

const LOW = 2 ** 28;

/** Walks over the fields of one message of protocol buffers. Throws a RangeError for bytes that are none. */
export class WireReader {
  constructor(
    private readonly source: Buffer,
    private at: number,
    private readonly end: number,
  ) {}

  get done(): boolean {
    return this.at >= this.end;
  }

  /** Exact below 2^53. */
  number(): number {
    const low = this.groups();
    return low + this.upper * LOW;
  }

  /** A number of nanoseconds. */
  nanoseconds(): RecordTime {
    const low = this.groups();
    // 2^28 is 268 435 thousand and 456.
    const rest = this.upper * 456 + low;
    return { micros: this.upper * 268_435 + Math.floor(rest / 1000), nanos: rest % 1000 };
  }

  bytes(): Buffer {
    const length = this.number();
    const from = this.at;
    this.forward(length);
    return this.source.subarray(from, this.at);
  }

  /** Over the field whose tag was read last. */
  skip(tag: number): void {
    const kind = tag & 7;
    if (kind === 0) this.number();
    else if (kind === 1) this.forward(8);
    else if (kind === 2) this.forward(this.number());
    else if (kind === 5) this.forward(4);
    else throw new RangeError('no field of protocol buffers');
  }

  private forward(count: number): void {
    this.at += count;
    if (this.at > this.end) throw new RangeError('a field goes beyond the end');
  }

  /** What stands above the lowest 28 bits of the number that `groups` has read. */
  private upper = 0;

  /** Reads one number in groups of seven bits; answers its lowest 28. */
  private groups(): number {
    let low = 0;
    this.upper = 0;
    for (let bits = 0; bits < 70; bits += 7) {
      if (this.at >= this.end) throw new RangeError('a number goes beyond the end');
      const byte = this.source[this.at++] ?? 0;
      if (bits < 28) low += (byte & 0x7f) * 2 ** bits;
      else this.upper += (byte & 0x7f) * 2 ** (bits - 28);
      if (byte < 0x80) return low;
    }
    throw new RangeError('a number of more than ten bytes');
  }
}
