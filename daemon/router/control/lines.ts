import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/** A line this long is no message of ours; a table of 10 000 apps has about 3 MB. */
const MAX_LINE = 64 * 1024 * 1024;

/** JSON objects, one a line, over a socket. Hands each to `onMessage`; a peer that speaks otherwise is cut off. */
export function readLines(socket: Socket, onMessage: (message: unknown) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest: string[] = [];
  let length = 0;
  socket.on('data', (chunk: Buffer) => {
    const parts = decoder.write(chunk).split('\n');
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? '';
      rest.push(part);
      length += part.length;
      if (length > MAX_LINE) return void socket.destroy(new Error('control line too long'));
      if (i === parts.length - 1) return;
      const line = rest.join('');
      rest = [];
      length = 0;
      if (!deliver(line, onMessage)) return void socket.destroy(new Error('control line is not JSON'));
    }
  });
}

export function writeLine(socket: Socket, message: object): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

function deliver(line: string, onMessage: (message: unknown) => void): boolean {
  if (line.trim() === '') return true;
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return false;
  }
  onMessage(message);
  return true;
}
