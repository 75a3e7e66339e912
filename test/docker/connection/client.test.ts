import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, IncomingMessage } from 'node:http';
import { createConnection, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectedClient } from '../../../daemon/engines/docker/connection/connected-client.js';
import { EngineFile } from '../../../daemon/engines/docker/connection/engine-memory.js';
import { EngineUnreachable } from '../../../daemon/engines/unreachable.js';
import { describeDocker, freshNames, removeAllOf } from '../../support/docker.js';
import { ForwardedDocker } from '../../support/forwarded-docker.js';
import { eventually } from '../../support/process-engine.js';

await describeDocker('The way to Docker', ({ docker, client: plain }) => {
  const at = (host: string, more = {}) =>
    new ConnectedClient({ env: { DOCKER_HOST: host, HOME: '/nowhere' }, ...more });

  test('finds the engine at its usual socket, and says what it is', async () => {
    const client = new ConnectedClient({ env: { HOME: '/nowhere' } });
    const { version, rootDir, local } = await client.host();
    // The tests may have been told of it by another socket.
    expect({ version, rootDir }).toMatchObject(pick(await plain.host()));
    expect(local).toBe(true);
    expect(await client.attempts()).toEqual([
      { source: 'usual socket', endpoint: 'unix:///var/run/docker.sock', failure: null },
    ]);
  });

  test('finds an engine that is started later, and one that comes back', async () => {
    const forwarded = await ForwardedDocker.create();
    const client = at(`unix://${forwarded.path}`);
    await expect(client.api()).rejects.toThrow('there is no such socket');
    await forwarded.open();
    const connected = await client.api();
    expect(await connected.listContainers({ limit: 1 })).toBeInstanceOf(Array);
    await forwarded.close();
    await expect(connected.listContainers()).rejects.toBeInstanceOf(EngineUnreachable);
    await expect(client.api()).rejects.toBeInstanceOf(EngineUnreachable);
    await forwarded.open();
    expect(await (await client.api()).listContainers({ limit: 1 })).toBeInstanceOf(Array);
  });

  test('looks for nothing but the engine that was named', async () => {
    const client = at('unix:///nowhere/docker.sock');
    await expect(client.api()).rejects.toThrow('unix:///nowhere/docker.sock (DOCKER_HOST): there is no such');
    expect(await client.attempts()).toHaveLength(1);
    const ssh = at('ssh://me@host');
    await expect(ssh.host()).rejects.toThrow('tfk does not reach Docker over ssh');
    expect(await ssh.attempts()).toHaveLength(1);
  });

  test('rejects a wait whose engine dies while it is pending', async () => {
    const names = freshNames();
    onTestFinished(() => removeAllOf(docker, names));
    const forwarded = await ForwardedDocker.create();
    await forwarded.open();
    const connected = await at(`unix://${forwarded.path}`).api();
    const Labels = names.labels('dyno');
    const HostConfig = { NetworkMode: 'none' };
    const container = await docker.createContainer({
      Image: 'node:20-slim',
      Cmd: ['sleep', '60'],
      Labels,
      HostConfig,
    });
    await container.start();
    const waited = connected.getContainer(container.id).wait();
    const outcome = waited.catch((error: unknown) => error);
    await eventually(() => expect(forwarded.connections).toBeGreaterThan(0));
    await forwarded.close();
    expect(await outcome).toBeInstanceOf(EngineUnreachable);
  });

  test('is held up by no engine that hangs, neither before nor after it answered', async () => {
    const forwarded = await ForwardedDocker.create();
    await forwarded.open();
    const connected = await at(`unix://${forwarded.path}`, { answerMs: 200, changeMs: 300 }).api();
    forwarded.hang();
    await expect(connected.listContainers()).rejects.toThrow('no answer within 0.2 s');
    const change = connected.getContainer('nobody').remove();
    await expect(change).rejects.toThrow('no answer within 0.3 s');
    await expect(change).rejects.toBeInstanceOf(EngineUnreachable);
    const late = at(`unix://${forwarded.path}`, { helloMs: 200 });
    await expect(late.api()).rejects.toThrow('no answer within 0.2 s');
  });

  test('goes on with the engine that something was made on, also after a restart of tfkd', async () => {
    const names = freshNames();
    onTestFinished(() => removeAllOf(docker, names));
    const memory = new EngineFile(join(await tempFolder(), 'docker-engine'));
    const connected = await at('unix:///var/run/docker.sock', { memory }).api();
    await connected.listContainers({ limit: 1 });
    expect(await memory.read()).toBeNull();
    await connected.createVolume({ Name: `tfk-${names.home}`, Labels: names.labels('cache') });
    const { ID } = (await docker.info()) as { ID: string };
    await eventually(async () => expect(await memory.read()).toBe(ID));
    const later = at('unix:///var/run/docker.sock', { memory });
    expect((await later.host()).version).toBe((await plain.host()).version);
  });

  test('takes no other engine than the one that something was made on, until that is forgotten', async () => {
    const memory = new EngineFile(join(await tempFolder(), 'docker-engine'));
    await memory.write('gone');
    const client = new ConnectedClient({ env: { HOME: '/nowhere' }, memory });
    const error = await client.api().catch((one: unknown) => one);
    expect(error).toBeInstanceOf(EngineUnreachable);
    expect(error).toMatchObject({
      message: expect.stringContaining('it is another engine than the one that') as unknown,
      hint: expect.stringContaining(`remove ${memory.place}`) as unknown,
    });
    await rm(memory.place);
    expect((await client.host()).version).toBe((await plain.host()).version);
  });

  test('is not held up by events that do not begin, and lets those that have begun go on', async () => {
    const forwarded = await ForwardedDocker.create();
    await forwarded.open();
    const connected = await at(`unix://${forwarded.path}`, { helloMs: 300 }).api();
    const events = await connected.getEvents();
    let ended = false;
    events.on('close', () => (ended = true)).on('error', () => undefined);
    forwarded.doom(/^GET .*\/events/, 'lost');
    await expect(connected.getEvents()).rejects.toThrow('no answer within 0.3 s');
    expect(ended).toBe(false);
  });

  test('notices that a remote engine is gone though nothing is said', async () => {
    const server = createTcpServer((socket) => {
      const engine = createConnection('/var/run/docker.sock').on('close', () => socket.destroy());
      socket.on('error', () => undefined).on('close', () => engine.destroy());
      socket.pipe(engine).pipe(socket);
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const events = await (await at(`tcp://127.0.0.1:${port}`).api()).getEvents();
    if (!(events instanceof IncomingMessage)) throw new Error('no plain answer');
    events.on('error', () => undefined);
    onTestFinished(() => void events.destroy());
    const { localPort = 0 } = events.socket;
    expect(await keepAliveOf(localPort)).toBeGreaterThan(10);
    expect(await keepAliveOf(localPort)).toBeLessThanOrEqual(15);
  });

  test.each([
    ['{"ApiVersion":"1.40","Version":"19.03.15"}', 'Docker 19.03.15 (API 1.40) is too old'],
    ['{"hello":"world"}', 'what answers there is not Docker'],
    ['<html>hello</html>', 'what answers there is not Docker'],
  ])('does not take %s for a Docker it can use', async (answer, complaint) => {
    const server = createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(at(`tcp://127.0.0.1:${port}`).api()).rejects.toThrow(complaint);
  });
});

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tfk-client-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Seconds until the kernel asks the other end of this connection whether it is there; NaN: never. */
async function keepAliveOf(localPort: number): Promise<number> {
  const port = localPort.toString(16).toUpperCase().padStart(4, '0');
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const timer = rows.find(([, local]) => local?.endsWith(`:${port}`))?.[5] ?? '';
  const [, ticks = ''] = /^02:([0-9A-F]+)$/.exec(timer) ?? [];
  return parseInt(ticks, 16) / 100;
}

const pick = ({ version, rootDir }: { version: string; rootDir: string }) => ({
  version,
  rootDir,
});
