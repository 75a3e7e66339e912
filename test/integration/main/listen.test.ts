import Fastify from 'fastify';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenApi, type Api } from '../../../daemon/main/listen.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { LocalAuthority } from '../../../daemon/tls/authority.js';
import { openBench, type Bench } from '../http/support.js';

const HALF = 'PUT /u HTTP/1.1\r\nhost: lo';
/** A machine under load is slow, but not endless. */
const BOUND_MS = 9_000;

let bench: Bench;
let authority: LocalAuthority;
let api: Api;
let socket: string;
const clients: Socket[] = [];

beforeEach(async () => {
  bench = await openBench();
  authority = await LocalAuthority.open(bench.home, systemClock);
  socket = join(bench.home, 'tfkd.sock');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await bench.close();
});

async function listen(build: Parameters<typeof listenApi>[0]['build']): Promise<void> {
  api = await listenApi({ socket, port: 0, build, announce: async () => undefined, clock: systemClock });
}

async function says(client: Socket, text: string | Buffer, connected = 'connect'): Promise<Socket> {
  clients.push(client.on('error', () => undefined));
  await once(client, connected);
  if (text.length > 0) client.write(text);
  return client;
}

const nothing = async (): Promise<void> => undefined;

function moment(): { readonly come: Promise<void>; readonly now: () => void } {
  let now = (): void => undefined;
  const come = new Promise<void>((resolve) => (now = resolve));
  return { come, now: () => now() };
}

async function timeToClose(endWork = nothing): Promise<number> {
  const from = performance.now();
  await api.close(endWork);
  return performance.now() - from;
}

describe('closing the API', () => {
  it('ends connections which never get to the end of what they say, whatever they speak', async () => {
    await listen(
      (trusted) =>
        bench.server({
          trusted,
          certificate: () => authority.certificateFor(['127.0.0.1', 'localhost']),
        }).app,
    );
    const { port } = api;
    const all = [
      await says(connect(port, '127.0.0.1'), ''),
      await says(connect(port, '127.0.0.1'), HALF),
      await says(connect(port, '127.0.0.1'), Buffer.from([0x16, 0x03, 0x01])),
      await says(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }), HALF, 'secureConnect'),
      await says(connect(socket), HALF),
    ];
    await new Promise((done) => setTimeout(done, 300));
    const closed = Promise.all(all.map(async (client) => client.closed || once(client.resume(), 'close')));
    expect(await timeToClose()).toBeLessThan(BOUND_MS);
    await closed;
  });

  it('ends what tfkd does before it waits for requests, so that those which wait for that are answered', async () => {
    const work = moment();
    const asked = moment();
    await listen(() => {
      const app = Fastify();
      app.get('/built', async () => {
        asked.now();
        await work.come;
        return 'stopped';
      });
      return app;
    });
    const answer = fetch(`http://127.0.0.1:${api.port}/built`).then((reply) => reply.text());
    await asked.come;
    const took = await timeToClose(async () => {
      // Nobody is let in any more by then.
      await expect(fetch(`http://127.0.0.1:${api.port}/built`)).rejects.toThrow('fetch failed');
      work.now();
    });
    expect(await answer).toBe('stopped');
    expect(took).toBeLessThan(3_000);
  });

  it('gives requests under way a while, then ends them', async () => {
    const asked = moment();
    await listen(() => {
      const app = Fastify();
      app.get('/slow', async () => {
        asked.now();
        await new Promise(() => undefined);
      });
      return app;
    });
    const broken = once(request({ port: api.port, path: '/slow' }).end(), 'error');
    await asked.come;
    const took = await timeToClose();
    expect(await broken).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(took).toBeGreaterThan(4_900);
    expect(took).toBeLessThan(BOUND_MS);
  });
});
