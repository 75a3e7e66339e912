import type { LogLine } from '../logs/entry.js';
import { drainOverflow } from '../logs/platform.js';
import { withLoss, type DrainCursor, type Loss } from './cursor.js';
import { frameIdOf, frameOf, type Framing } from './framing.js';

/** What is sent in one piece, and taken as a whole or not at all. */
export interface Batch {
  /** The cursor when it has been taken. */
  readonly next: DrainCursor;
  /** Lines of the app in it. */
  readonly lines: number;
  /** Lines before them that the history no longer had. */
  readonly dropped: number;
  /** What it tells the loss of: those, and what was given up before. */
  readonly loss: Loss | null;
  /** Frames in its body: one more than lines where it tells of a loss. */
  readonly messages: number;
  readonly frameId: string;
  readonly body: Buffer;
}

export interface Page {
  readonly dropped: number;
  readonly lines: readonly LogLine[];
}

/**
 * The batch after the cursor: as many lines of the page as `maxBytes` allow, at least one. What the history dropped before
 * them, or was given up, comes first, as a line of Logplex's. Null for a page without lines.
 */
export function batchOf(
  cursor: DrainCursor,
  page: Page,
  form: { readonly framing: Framing; readonly token: string; readonly maxBytes: number },
): Batch | null {
  const [first] = page.lines;
  if (!first) return null;
  const loss = withLoss(cursor.loss, page.dropped, cursor.time);
  const frames = loss ? [frameOf(overflowLine(loss, first.time), form.framing, form.token)] : [];
  let last = first;
  let bytes = 0;
  let lines = 0;
  for (const line of page.lines) {
    const frame = frameOf(line, form.framing, form.token);
    bytes += Buffer.byteLength(frame);
    if (lines > 0 && bytes > form.maxBytes) break;
    frames.push(frame);
    lines += 1;
    last = line;
  }
  return {
    next: {
      after: last.sequence,
      time: last.time,
      upTo: null,
      loss: null,
      delivered: cursor.delivered + lines,
      dropped: cursor.dropped + page.dropped,
    },
    lines,
    dropped: page.dropped,
    loss,
    messages: frames.length,
    frameId: frameIdOf(form.token, first.sequence, last.sequence, loss?.count ?? 0),
    body: Buffer.from(frames.join('')),
  };
}

/** With the time of the line that follows it: a batch that is sent again is the same to the byte. */
const overflowLine = ({ count, since }: Loss, time: number) => ({
  time,
  source: 'heroku' as const,
  dyno: 'logplex',
  text: drainOverflow(count, since),
});
