import { open } from 'node:fs/promises';
import { parseAccessLine } from '../router/control/access-log.js';
import type { AccessLine } from '../router/control/protocol.js';

/** Bytes read at once; also the longest line that is taken for one. */
const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

export interface AccessChunk {
  readonly lines: readonly { readonly line: AccessLine; readonly end: number }[];
  /** The offset after the chunk: of a line's end. */
  readonly end: number;
  /** Lines that were no access lines. */
  readonly malformed: number;
}

/** A file of the router's access log, read from its start in chunks of whole lines. */
export class AccessSegment {
  /** How far each app's lines of this file are committed, as far as is known. */
  readonly committed = new Map<string, number>();
  private at = 0;
  /** Inside of something longer than a chunk: the router writes no such line, the file is damaged there. */
  private skipping = false;

  constructor(
    private readonly path: string,
    /** Name and inode: a cursor must never be taken for that of another file of the same name. */
    readonly source: string,
  ) {}

  /** All before it is read and was passed on. */
  get offset(): number {
    return this.at;
  }

  /** The next whole lines; null when there are none yet. Answers the same again until `advance` is called. */
  async next(): Promise<AccessChunk | null> {
    const bytes = await this.readAt(this.at);
    const length = bytes.lastIndexOf(NEWLINE) + 1;
    if (length > 0) return this.parse(bytes.subarray(0, length));
    if (bytes.length < CHUNK_BYTES) return null;
    this.skipping = true;
    return { lines: [], end: this.at + bytes.length, malformed: 0 };
  }

  advance(chunk: AccessChunk): void {
    if (chunk.lines.length > 0 || chunk.malformed > 0) this.skipping = false;
    this.at = chunk.end;
  }

  private parse(bytes: Buffer): AccessChunk {
    const lines: { line: AccessLine; end: number }[] = [];
    let malformed = 0;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const isRest = this.skipping && start === 0;
      const line = isRest ? undefined : parseAccessLine(bytes.toString('utf8', start, end));
      if (line) lines.push({ line, end: this.at + end + 1 });
      else malformed += 1;
      start = end + 1;
    }
    return { lines, end: this.at + bytes.length, malformed };
  }

  private async readAt(position: number): Promise<Buffer> {
    const file = await open(this.path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
