import type { Duplex, Readable } from 'node:stream';
import type { Attachment } from '../../engines/engine.js';
import type { Clock } from '../../shared/clock.js';
import { messageOf } from '../../shared/errors.js';
import { pauseWhileFull } from '../attach.js';
import type { Attachable } from '../services.js';
import { SentinelLines } from './sentinel.js';

const GREETING = Buffer.from('rendezvous\r\n');
const END_OF_INPUT = 0x04;
/** Greatest payload of a TLS record (RFC 8446, 5.1): what is longer would be cut anywhere. */
const RECORD_BYTES = 16 * 1024;
/** A client whose input has ended may be about to say so: it fails if it writes to a closed connection. */
const GOODBYE_MS = 200;
/** Then who has not closed its side is no longer waited for. */
const LINGER_MS = 10_000;

/**
 * Heroku's rendezvous, once the client has told its secret: a greeting, then raw bytes both ways until the process has exited
 * and all its output is sent, or the client has gone; then the process is told so. Never rejects.
 *
 * @param head what the client sent right behind its secret
 */
export async function meet(
  client: Duplex,
  head: Buffer,
  attachable: Attachable,
  clock: Clock,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  client.on('error', leave).on('close', leave).on('end', leave);
  const writer = new RecordWriter(client, gone.signal);
  let attachment: Attachment;
  try {
    attachment = await attachable.open();
  } catch (error) {
    await writer.write(GREETING);
    await writer.write(Buffer.from(`${messageOf(error)}\r\n`));
    return part(client, clock, gone.signal);
  }
  let over = false;
  const close = (): void => {
    if (!over) attachment.close();
    client.destroy();
  };
  if (gone.signal.aborted) {
    close();
    return;
  }
  gone.signal.addEventListener('abort', close);
  await writer.write(GREETING);
  const inputEnded = passInput(client, head, attachment);
  await passOutput(writer, attachment);
  over = true;
  return part(client, clock, AbortSignal.any([gone.signal, inputEnded]));
}

/** Answers what aborts when the client has said that its input has ended. */
function passInput(client: Duplex, head: Buffer, { stdin, stderr }: Attachment): AbortSignal {
  const ended = new AbortController();
  const terminal = stderr === null;
  stdin.on('error', () => undefined);
  const read = (chunk: Buffer): void => {
    if (ended.signal.aborted) return;
    // On a terminal the byte ends input by itself. In the midst of a record it belongs to the data: more has come behind it.
    const last = !terminal && chunk.at(-1) === END_OF_INPUT;
    const data = last ? chunk.subarray(0, -1) : chunk;
    if (data.length > 0 && stdin.writable) stdin.write(data);
    if (last) {
      stdin.end();
      ended.abort();
      return;
    }
    pauseWhileFull(client, stdin);
  };
  client.on('data', read);
  if (head.length > 0) read(head);
  client.resume();
  return ended.signal;
}

async function passOutput(writer: RecordWriter, attachment: Attachment): Promise<void> {
  try {
    const outputs = attachment.stderr ? [attachment.stdout, attachment.stderr] : [attachment.stdout];
    const pumps = Promise.all(outputs.map((output) => pump(output, writer)));
    // Hung up on, a process may go on for a while: what breaks before it ends is told below, and is no end of tfkd.
    pumps.catch(() => undefined);
    await attachment.exited;
    await pumps;
  } catch (error) {
    await writer.write(Buffer.from(`The connection to the process broke: ${messageOf(error)}\r\n`));
  }
}

async function pump(output: Readable, writer: RecordWriter): Promise<void> {
  const lines = new SentinelLines();
  for await (const chunk of output as AsyncIterable<Buffer | string>) {
    for (const piece of lines.push(Buffer.from(chunk as string))) await writer.write(piece);
  }
  for (const piece of lines.flush()) await writer.write(piece);
}

/** Ends the connection, when the client has nothing more to say or soon. */
async function part(client: Duplex, clock: Clock, said: AbortSignal): Promise<void> {
  await clock.sleep(GOODBYE_MS, said);
  if (client.destroyed) return;
  client.end();
  const closed = new AbortController();
  client.once('close', () => closed.abort());
  await clock.sleep(LINGER_MS, closed.signal);
  client.destroy();
}

/** Writes to TLS so that each piece is a record of its own: Node joins what waits behind an unfinished write. */
class RecordWriter {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: Duplex,
    private readonly gone: AbortSignal,
  ) {}

  /** Resolves when the system has taken it, or nobody is there to get it; pieces of several writers never mix. */
  write(piece: Buffer): Promise<void> {
    this.last = this.last.then(async () => {
      for (let from = 0; from < piece.length; from += RECORD_BYTES) {
        await this.send(piece.subarray(from, from + RECORD_BYTES));
      }
    });
    return this.last;
  }

  private async send(record: Buffer): Promise<void> {
    if (this.gone.aborted || !this.client.writable) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.gone.removeEventListener('abort', done);
        resolve();
      };
      this.gone.addEventListener('abort', done);
      this.client.write(record, done);
    });
  }
}
