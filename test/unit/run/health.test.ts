import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { DynoHandle } from '../../../daemon/engines/engine.js';
import { Engines } from '../../../daemon/engines/engines.js';
import { HealthWatch } from '../../../daemon/run/health.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { createFakeEngine } from '../../support/fake-engine.js';

/** A server that does this with each connection, as a dyno's address. */
async function dynoAt(greet: (socket: Socket) => unknown, relayed: boolean): Promise<DynoHandle> {
  const server = createServer(greet).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const address = { host: '127.0.0.1', port, relayed };
  return { engine: 'fake', version: 1, instance: `dyno-${port}`, address, data: {} };
}

function watching(handle: DynoHandle) {
  const engine = new Engines([createFakeEngine(systemClock)], createLogger('silent', 'test'));
  const health = new HealthWatch(engine, systemClock, () => undefined);
  onTestFinished(() => health.stop());
  health.watch(handle, { kind: 'listening' });
  return () => health.isReady(handle.instance);
}

const keep = (socket: Socket) => socket.on('error', () => undefined);

it('takes a connection for an answer where the dyno itself accepts', async () => {
  const isReady = watching(await dynoAt(keep, false));
  await expect.poll(isReady, { timeout: 5_000 }).toBe(true);
});

it('takes one that lasts where something else accepts in its place', async () => {
  const isReady = watching(await dynoAt(keep, true));
  await expect.poll(isReady, { timeout: 5_000 }).toBe(true);
});

it('takes the first bytes of a dyno that speaks first', async () => {
  const isReady = watching(await dynoAt((socket) => keep(socket).end('220 hello\n'), true));
  await expect.poll(isReady, { timeout: 5_000 }).toBe(true);
});

it('does not take one that is accepted and ended again', async () => {
  let greeted = 0;
  const isReady = watching(
    await dynoAt((socket) => {
      greeted += 1;
      keep(socket).destroy();
    }, true),
  );
  await expect.poll(() => greeted, { timeout: 5_000 }).toBeGreaterThan(3);
  expect(isReady()).toBe(false);
});
