import { once } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import { encodeServerFrame, FrameReader, type ClientFrame } from '../../api/index.js';
import type { Attachment, DynoSignal } from '../engines/engine.js';
import { messageOf } from '../shared/errors.js';

/** Input that waits for a process which does not read; beyond it the client is not read either. */
const WAITING_INPUT = 1024 * 1024;
const SIGNALS: ReadonlySet<string> = new Set<DynoSignal>([
  'SIGTERM',
  'SIGKILL',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
]);

/**
 * Joins a client's connection and a process until the process has exited and all its output is sent, or the client has gone;
 * then the process is told so (close). Never rejects.
 *
 * @param head what the client sent right behind its request
 */
export async function bridge(client: Duplex, head: Buffer, attachment: Attachment): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  client.on('error', leave).on('close', leave).on('end', leave);
  attachment.stdin.on('error', () => undefined);
  let over = false;
  gone.signal.addEventListener('abort', () => {
    if (!over) attachment.close();
    client.destroy();
  });
  readClient(client, head, attachment, leave);
  await sendOutput(client, attachment, gone.signal);
  over = true;
}

function readClient(client: Duplex, head: Buffer, attachment: Attachment, leave: () => void): void {
  const reader = FrameReader.ofClient();
  const read = (chunk: Buffer): void => {
    try {
      for (const frame of reader.push(chunk)) obey(frame, attachment);
    } catch {
      // It does not speak the protocol.
      leave();
      return;
    }
    pauseWhileFull(client, attachment.stdin);
  };
  client.on('data', read);
  if (head.length > 0) read(head);
}

/** Reads no more of the client while too much waits for a process that does not read. */
export function pauseWhileFull(client: Duplex, stdin: Writable): void {
  if (stdin.writableLength <= WAITING_INPUT) return;
  client.pause();
  const resume = (): void => void client.resume();
  stdin.once('drain', resume);
  // A process that has ended reads nothing more; then the client may send what it likes.
  stdin.once('close', resume);
}

function obey(frame: ClientFrame, attachment: Attachment): void {
  switch (frame.kind) {
    case 'stdin':
      if (attachment.stdin.writable) attachment.stdin.write(frame.data);
      return;
    case 'stdin-end':
      attachment.stdin.end();
      return;
    case 'resize':
      // A process that has just ended has no terminal to resize and takes no signal; its exit tells the client all.
      void attachment.resize({ columns: frame.columns, rows: frame.rows }).catch(() => undefined);
      return;
    case 'signal':
      if (isSignal(frame.name)) void attachment.signal(frame.name).catch(() => undefined);
  }
}

const isSignal = (name: string): name is DynoSignal => SIGNALS.has(name);

async function sendOutput(client: Duplex, attachment: Attachment, gone: AbortSignal): Promise<void> {
  try {
    const pumps = [pump(client, attachment.stdout, 'stdout', gone)];
    if (attachment.stderr) pumps.push(pump(client, attachment.stderr, 'stderr', gone));
    const sent = Promise.all(pumps);
    // Hung up on, a process may go on for a while: what breaks before it ends is told below, and is no end of tfkd.
    sent.catch(() => undefined);
    const { code, outOfMemory } = await attachment.exited;
    await sent;
    client.end(encodeServerFrame({ kind: 'exit', code, outOfMemory }));
  } catch (error) {
    const message = `The connection to the process broke: ${messageOf(error)}`;
    client.end(encodeServerFrame({ kind: 'exit', code: null, outOfMemory: false, message }));
  }
}

/** At the client's pace. What a client that has gone would have got is read and dropped, so that the process can end. */
async function pump(
  client: Duplex,
  output: Readable,
  kind: 'stdout' | 'stderr',
  gone: AbortSignal,
): Promise<void> {
  for await (const chunk of output as AsyncIterable<Buffer | string>) {
    if (gone.aborted) continue;
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (client.write(encodeServerFrame({ kind, data }))) continue;
    await once(client, 'drain', { signal: gone }).catch(() => undefined);
  }
}
