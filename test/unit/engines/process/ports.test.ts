import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Ports } from '../../../../daemon/engines/process/host/ports.js';

const clockAt = (time: { now: number }) => ({ now: () => time.now, sleep: () => Promise.resolve() });

/** A range of four ports in a row of which none is in use. */
async function freeRange(): Promise<{ lowest: number; highest: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { lowest: Math.min(port, 65_000), highest: Math.min(port, 65_000) + 3 };
}

test('no port is handed out twice, not even to those who ask at once', async () => {
  const range = await freeRange();
  const ports = new Ports(clockAt({ now: 0 }), () => 0, 1_000, range);
  const taken = await Promise.all([ports.take(new Set()), ports.take(new Set()), ports.take(new Set())]);
  expect(new Set(taken).size).toBe(3);
});

test('a port that a dyno on disk holds, or that is listened on, is left out', async () => {
  const { lowest, highest } = await freeRange();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(lowest + 1, '127.0.0.1', resolve));
  const ports = new Ports(clockAt({ now: 0 }), () => 0, 1_000, { lowest, highest });
  expect(await ports.take(new Set([lowest]))).toBe(lowest + 2);
  await new Promise((resolve) => server.close(resolve));
});

test('a port given back rests before it is used again', async () => {
  const { lowest } = await freeRange();
  const time = { now: 0 };
  const ports = new Ports(clockAt(time), () => 0, 1_000, { lowest, highest: lowest });
  ports.giveBack(await ports.take(new Set()));
  await expect(ports.take(new Set())).rejects.toThrow('No port between');
  time.now = 1_000;
  expect(await ports.take(new Set())).toBe(lowest);
});
