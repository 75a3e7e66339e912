import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAlive } from '../../cli/client/daemon.js';
import { Installation } from '../support/installation.js';

const tfk = new Installation();
beforeAll(() => tfk.ok('apps:create', 'demo'));
afterAll(() => tfk.remove());

/** Milliseconds until tfkd has ended after a SIGTERM; at most these. */
async function ended(pid: number, most: number): Promise<number> {
  const began = performance.now();
  process.kill(pid, 'SIGTERM');
  for (;;) {
    const passed = performance.now() - began;
    try {
      process.kill(pid, 0);
    } catch {
      return passed;
    }
    if (passed > most) throw new Error(`tfkd still runs after ${most} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function sent(place: { port: number } | { path: string }, text: string): Promise<Socket> {
  const socket = 'port' in place ? connect(place.port, '127.0.0.1') : connect(place.path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

it('tfkd ends soon, whoever holds half a request open', async () => {
  const { pid, apiPort: port, socket: path } = tfk.running;
  const source = await (
    await fetch(`http://127.0.0.1:${port}/sources`, {
      method: 'POST',
      headers: { authorization: `Bearer ${(await tfk.ok('auth:token')).trim()}` },
    })
  ).json();
  const { put_url } = (source as { source_blob: { put_url: string } }).source_blob;
  const upload = `PUT ${new URL(put_url).pathname} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n`;
  const held = await Promise.all([
    sent({ port }, ''),
    sent({ port }, '\u0016\u0003'),
    sent({ port }, 'PUT /u HTTP/1.1\r\nhost: lo'),
    sent({ port }, `${upload}a few`),
    sent({ path }, 'GET /apps HTTP/1.1\r\nhost: localhost\r\n'),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await ended(pid, 20_000)).toBeLessThan(10_000);
  for (const socket of held) socket.destroy();
  expect(await tfk.ok('apps')).toContain('demo');
});

it('tfk daemon stop ends it as soon', async () => {
  const { pid, apiPort: port } = tfk.running;
  const held = await sent({ port }, 'PUT /u HTTP/1.1\r\nhost: lo');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const began = performance.now();
  await tfk.ok('daemon', 'stop');
  expect(performance.now() - began).toBeLessThan(12_000);
  // It waits for run/tfkd.json to go, a moment before the process does.
  await expect.poll(() => isAlive(pid), { timeout: 3_000 }).toBe(false);
  held.destroy();
});
