import Docker from 'dockerode';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ownConnections } from '../../../../daemon/engines/docker/connection/own-connections.js';

test('a dockerd that is told to end, and goes on answering on the connections it has, is asked nothing any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  const asked: string[] = [];
  const dockerd = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('[]');
  });
  onTestFinished(() => {
    dockerd.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  const socketPath = join(folder, 'docker.sock');
  dockerd.listen(socketPath);
  await once(dockerd, 'listening');
  const options = { socketPath, agent: ownConnections(new Agent()) };
  const docker = new Docker(options);

  await docker.listContainers();
  await docker.getContainer('a').start();
  expect(asked).toEqual(['GET /containers/json', 'POST /containers/a/start']);
  // Unlike `close`, which would end the connections on which nothing is asked as well.
  (dockerd as unknown as { _handle: { close(): void } })._handle.close();
  rmSync(socketPath, { force: true });

  await expect(docker.listContainers()).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(docker.getContainer('b').start()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(asked).toHaveLength(2);
});
