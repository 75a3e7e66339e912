/** What begins the line by which `heroku run --exit-code` learns the exit code: U+FFFF in UTF-8. */
const MARK = Buffer.from('\uFFFF', 'utf8');
const NEWLINE = 0x0a;
/** A line that is longer is not that one. */
const LONGEST_LINE = 1024;

/**
 * Cuts a stream of output so that the line with the exit code stays in one piece: the client looks for it in each piece by
 * itself. All else goes through as it comes, unfinished lines too: they may be a prompt.
 */
export class SentinelLines {
  private held: Buffer = Buffer.alloc(0);

  /** What may be sent now, in pieces of their own. */
  push(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    let rest = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    for (;;) {
      const start = startOfMark(rest);
      if (start > 0) pieces.push(rest.subarray(0, start));
      rest = rest.subarray(start);
      const end = rest.indexOf(NEWLINE) + 1;
      if (rest.length === 0 || (end === 0 && rest.length <= LONGEST_LINE)) break;
      const length = end === 0 ? rest.length : end;
      pieces.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    this.held = rest;
    return pieces;
  }

  /** What is left at the end of the output. */
  flush(): Buffer[] {
    const { held } = this;
    this.held = Buffer.alloc(0);
    return held.length === 0 ? [] : [held];
  }
}

/** Where the mark, or what may become one with the next bytes, begins; else the end. */
function startOfMark(bytes: Buffer): number {
  const found = bytes.indexOf(MARK);
  if (found !== -1) return found;
  for (const length of [2, 1]) {
    const start = bytes.length - length;
    if (start >= 0 && MARK.subarray(0, length).equals(bytes.subarray(start))) return start;
  }
  return bytes.length;
}
