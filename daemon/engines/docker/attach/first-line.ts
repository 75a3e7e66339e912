import type { Readable } from 'node:stream';

/** What an error of Docker's or a number takes; a stream without a newline must not be gathered for ever. */
const LONGEST_LINE = 4_096;

/** Takes the first line off a stream, without its end; all that is there when it ends before. The rest stays in it, unread. */
export async function takeFirstLine(stream: Readable): Promise<string> {
  let taken = Buffer.alloc(0);
  while (!taken.includes('\n') && taken.length < LONGEST_LINE) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) taken = Buffer.concat([taken, chunk]);
    else if (stream.readableEnded || stream.destroyed) return taken.toString().trim();
    else await somethingOf(stream);
  }
  const end = taken.indexOf('\n') + 1;
  if (end < taken.length) stream.unshift(taken.subarray(end));
  return taken
    .subarray(0, end === 0 ? undefined : end)
    .toString()
    .trim();
}

function somethingOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    const told = (): void => {
      for (const event of EVENTS) stream.off(event, told);
      resolve();
    };
    for (const event of EVENTS) stream.on(event, told);
  });
}

const EVENTS = ['readable', 'end', 'close'] as const;
