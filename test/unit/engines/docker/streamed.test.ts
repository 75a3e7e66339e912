import type Docker from 'dockerode';
import { Duplex, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { streamInside } from '../../../../daemon/engines/docker/services/streamed.js';

/** As dockerd sends it: 1 is stdout, then the length. */
function frame(data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head[0] = 1;
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, data]);
}

/** A container whose program prints this, and goes on. */
function printing(data: Buffer): Docker.Container {
  const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  connection.push(frame(data));
  const exec = { start: () => Promise.resolve(connection), inspect: () => Promise.resolve({ ExitCode: 0 }) };
  return { exec: () => Promise.resolve(exec) } as unknown as Docker.Container;
}

test.each([1_000, 100_000])(
  'a program whose %i bytes nobody takes is given up when it is stopped',
  async (bytes) => {
    const stop = new AbortController();
    const output = new Writable({ write: () => stop.abort() });
    const command = ['pg_dump'];
    const running = streamInside(printing(Buffer.alloc(bytes)), {
      command,
      input: null,
      output,
      signal: stop.signal,
    });
    await expect(running).rejects.toThrow();
  },
  5_000,
);
