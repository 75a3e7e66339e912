import { constants, open } from 'node:fs';
import { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { codeOf } from '../../../shared/errors.js';

/** The reading end of a FIFO. It ends when the last writer has gone. */
export async function readFifo(path: string): Promise<Readable> {
  const fd = await openWithoutWaiting(path, constants.O_RDONLY);
  return fd === null ? Readable.from([]) : new Socket({ fd, readable: true, writable: false });
}

/** The writing end of a FIFO. What is written when nobody reads any more goes nowhere, as with a closed terminal. */
export async function writeFifo(path: string): Promise<Writable> {
  const fd = await openWithoutWaiting(path, constants.O_WRONLY);
  return fd === null ? nowhere() : new Socket({ fd, readable: false, writable: true });
}

/** One line to whoever waits at the other end; without effect when nobody does. */
export async function tell(path: string, line: string): Promise<void> {
  const end = await writeFifo(path);
  end.on('error', () => undefined);
  end.end(`${line}\n`);
}

/** A descriptor of its own for the stream; null when the FIFO is gone, or is to be written and has no reader. */
async function openWithoutWaiting(path: string, mode: number): Promise<number | null> {
  try {
    return await promisify(open)(path, mode | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENXIO', 'ENOENT'].includes(codeOf(error) ?? '')) return null;
    throw error;
  }
}

const nowhere = (): Writable =>
  new Writable({ write: (_chunk: unknown, _encoding: string, done: () => void) => done() });
