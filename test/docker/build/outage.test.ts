import Docker from 'dockerode';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DockerClient } from '../../../daemon/engines/docker/client.js';
import { aPlan, aRequest, aSource, tempFolder } from '../../integration/build/support.js';
import { describeDocker, type TestDocker } from '../../support/docker.js';
import { aHome, artifactOf, expectNothingRunning } from './support.js';

/** A way to the engine that can be cut, as when dockerd is stopped. */
async function aWay({ client }: TestDocker): Promise<{ client: DockerClient; cut: () => void }> {
  const socketPath = join(tempFolder(), 'docker.sock');
  const { endpoint } = await client.host();
  const sockets = new Set<Socket>();
  const server = createServer((caller) => {
    const engine = createConnection(endpoint.replace('unix://', ''));
    for (const [from, to] of [
      [caller, engine],
      [engine, caller],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined).on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(cut);
  const docker = new Docker({ socketPath });
  return { client: { api: () => Promise.resolve(docker), host: () => client.host() }, cut };
}

await describeDocker('A Docker engine that is gone in the middle of a build', (engine) => {
  test('fails the build as unavailable, and a later tfkd clears up', async () => {
    const home = aHome(engine);
    const way = await aWay(engine);
    const request = aRequest(aSource({ a: '' }), {
      plan: aPlan([['/bin/sh', '-c', 'echo begun; exec sleep 600']]),
    });
    const build = home.open({ client: way.client }).build(request);
    await expect.poll(() => request.output.text, { timeout: 20_000 }).toContain('begun');
    way.cut();
    await expect(build).rejects.toMatchObject({ name: 'TfkError', id: 'unavailable' });
    const again = aRequest(aSource({ a: '' }), { plan: aPlan([['true']]) });
    artifactOf(await home.open().build(again));
    await expectNothingRunning(home);
  });
});
