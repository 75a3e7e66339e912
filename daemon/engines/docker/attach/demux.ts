/** Of each frame: one byte of stream, three unused, and the length as 32 bits. */
const HEADER_BYTES = 8;
const STDERR = 2;

export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  /** A part of what was handed in, never a copy. */
  readonly data: Buffer;
}

/** Cuts Docker's one stream of a dyno without a terminal into its two. Holds no more than a header between two calls. */
export class Demux {
  private header = Buffer.alloc(0);
  private stream: Frame['stream'] = 'stdout';
  private left = 0;

  take(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (this.left === 0) {
        rest = this.takeHeader(rest);
        continue;
      }
      const data = rest.subarray(0, this.left);
      rest = rest.subarray(data.length);
      this.left -= data.length;
      frames.push({ stream: this.stream, data });
    }
    return frames;
  }

  private takeHeader(chunk: Buffer): Buffer {
    const missing = HEADER_BYTES - this.header.length;
    this.header = Buffer.concat([this.header, chunk.subarray(0, missing)]);
    if (this.header.length === HEADER_BYTES) {
      this.stream = this.header[0] === STDERR ? 'stderr' : 'stdout';
      this.left = this.header.readUInt32BE(4);
      this.header = Buffer.alloc(0);
    }
    return chunk.subarray(missing);
  }
}
