/** Heroku's longest log line, in bytes; what is longer comes in pieces. */
export const MAX_LINE_BYTES = 10_000;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface SplitLine {
  readonly text: string;
  /** Bytes of input that the line took, its line ending included. */
  readonly bytes: number;
}

/**
 * The first line of `bytes`, or null where its end is not there yet: it ends at a newline (CRLF tolerated), or at
 * MAX_LINE_BYTES on a code point boundary. Invalid UTF-8 is replaced by U+FFFD, and the text has at most MAX_LINE_BYTES even
 * then. With `atEnd` nothing more comes, and what is left is a line.
 */
export function firstLine(bytes: Buffer, atEnd: boolean): SplitLine | null {
  if (bytes.length === 0) return null;
  const newline = bytes.subarray(0, MAX_LINE_BYTES + 2).indexOf(NEWLINE);
  const end = newline > 0 && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline;
  if (newline >= 0 && end <= MAX_LINE_BYTES) return line(bytes, end, newline + 1);
  if (bytes.length >= MAX_LINE_BYTES + 2 || newline >= 0) return piece(bytes, MAX_LINE_BYTES);
  if (!atEnd) return null;
  return bytes.length > MAX_LINE_BYTES
    ? piece(bytes, MAX_LINE_BYTES)
    : line(bytes, bytes.length, bytes.length);
}

/** Turns a stream of bytes into lines; holds back what has no end yet. */
export class LineSplitter {
  private rest: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): string[] {
    this.rest = this.rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.rest, chunk]);
    return this.take(false);
  }

  /** The last line, if it has no newline. */
  end(): string[] {
    return this.take(true);
  }

  private take(atEnd: boolean): string[] {
    const lines: string[] = [];
    for (let line = firstLine(this.rest, atEnd); line; line = firstLine(this.rest, atEnd)) {
      lines.push(line.text);
      this.rest = this.rest.subarray(line.bytes);
    }
    return lines;
  }
}

function line(bytes: Buffer, end: number, consumed: number): SplitLine {
  const text = bytes.toString('utf8', 0, end);
  // Each invalid byte grows to the three of U+FFFD.
  if (end * 3 > MAX_LINE_BYTES && Buffer.byteLength(text) > MAX_LINE_BYTES) {
    return piece(bytes, Math.floor(MAX_LINE_BYTES / 3));
  }
  return { text, bytes: consumed };
}

function piece(bytes: Buffer, at: number): SplitLine {
  const cut = codePointBoundary(bytes, at);
  return line(bytes, cut, cut);
}

/** The largest place at or before `at` that does not cut a code point; `at` itself in bytes that are no UTF-8. */
function codePointBoundary(bytes: Buffer, at: number): number {
  for (let place = at; place > at - 4; place--) {
    if (((bytes[place] ?? 0) & 0xc0) !== 0x80) return place;
  }
  return at;
}
