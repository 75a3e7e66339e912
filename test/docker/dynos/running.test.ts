import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { DockerHost } from '../../../daemon/engines/docker/client.js';
import { ConnectedClient } from '../../../daemon/engines/docker/connection/connected-client.js';
import type { DynoHandle } from '../../../daemon/engines/engine.js';
import { EngineUnreachable } from '../../../daemon/engines/unreachable.js';
import { DockerBench } from '../../support/docker-engine.js';
import { describeDocker, leftoversOf } from '../../support/docker.js';
import { ForwardedDocker } from '../../support/forwarded-docker.js';
import { eventually } from '../../support/process-engine.js';

const SERVER = `node -e "require('http').createServer((_, r) => r.end('hello')).listen(process.env.PORT, () => console.log('up'))"`;

await describeDocker('A dyno on Docker', ({ docker }) => {
  let bench: DockerBench;
  beforeAll(async () => {
    bench = await DockerBench.open(docker);
  });
  afterEach(async () => {
    for (const { handle } of await bench.engine.list()) await bench.engine.remove(handle);
  });
  afterAll(() => bench.dispose());

  /** What a dyno of this app prints of its try to reach the address. */
  const tryFrom = async (appId: string, host: string, port: number) => {
    const program = `require('net').connect({host:'${host}',port:${port},timeout:3000}).on('connect',()=>{console.log('reached');process.exit()}).on('timeout',()=>{console.log('timeout');process.exit()}).on('error',(e)=>console.log(e.code))`;
    const labels = { appId, dyno: 'run.1', releaseVersion: 1 };
    return bench.output(await bench.start(`node -e "${program}"`, { labels }));
  };
  const listening = async (handle: DynoHandle, engine = bench.engine) => {
    await eventually(async () => {
      const { listening: ports } = await engine.inspect(handle);
      expect(ports).toContain(handle.address?.port);
    });
    return handle.address as NonNullable<DynoHandle['address']>;
  };

  test('is hardened, limited, and labelled as ours', async () => {
    const handle = await bench.start('sleep 60', { port: true });
    const { Config, HostConfig, Name } = await bench.inspect(handle);
    expect(Name).toBe(`/tfk-app-web.1-${handle.instance}`);
    expect(Config.Labels).toMatchObject({
      'tfk.home': bench.names.home,
      'tfk.kind': 'dyno',
      'tfk.app': 'app',
      'tfk.dyno': 'web.1',
      'tfk.release': '1',
      'tfk.instance': handle.instance,
    });
    expect(Config.User).toBe('1000:1000');
    expect(HostConfig).toMatchObject({
      Init: true,
      Privileged: false,
      CapDrop: ['ALL'],
      CapAdd: null,
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 256,
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      CpuShares: 1024,
      AutoRemove: false,
      Binds: null,
      PidMode: '',
      PublishAllPorts: false,
    });
    expect(HostConfig.RestartPolicy?.Name).toBe('no');
    expect(HostConfig.PortBindings ?? {}).toEqual({});
  });

  test('has no capability, and cannot gain any', async () => {
    const handle = await bench.start(
      'grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; id -u; ulimit -c',
    );
    expect((await bench.output(handle)).split(/\s+/)).toEqual([
      'CapEff:',
      '0000000000000000',
      'CapBnd:',
      '0000000000000000',
      'NoNewPrivs:',
      '1',
      '1000',
      '0',
    ]);
  });

  test('reaches dynos of its own app, and none of another', async () => {
    const { host, port } = await listening(await bench.start(SERVER, { port: true }));
    expect(await tryFrom('app', host, port)).toBe('reached');
    expect(await tryFrom('other', host, port)).not.toBe('reached');
  });

  test('reaches neither what listens on this machine alone, nor Docker', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const network = await docker.getNetwork(await networkOf(await bench.start('sleep 60'))).inspect();
    const gateway = network.IPAM?.Config?.[0]?.Gateway ?? '';
    expect(gateway).toMatch(/^\d+\./);
    expect(await tryFrom('app', gateway, port)).not.toBe('reached');
    expect(await tryFrom('app', '127.0.0.1', port)).toBe('ECONNREFUSED');
    const sockets = await bench.start('ls /var/run/docker.sock /run/docker.sock; true');
    expect(await bench.output(sockets)).not.toMatch(/^\/(var\/)?run\/docker.sock$/m);
  });

  const networkOf = async (handle: DynoHandle) => {
    const { NetworkSettings } = await bench.inspect(handle);
    return Object.values(NetworkSettings.Networks)[0]?.NetworkID ?? '';
  };

  test('tells the end by its memory limit from the end by a kill', async () => {
    const hog = `node -e "const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))"`;
    const limits = { memoryBytes: 64 * 1024 * 1024, cpuWeight: 1, pids: 256 };
    expect(await bench.exit(await bench.start(hog, { limits }))).toMatchObject({
      code: 137,
      outOfMemory: true,
    });
    const killed = await bench.start('sleep 60', { limits });
    await bench.engine.signal(killed, 'SIGKILL');
    expect(await bench.exit(killed)).toMatchObject({ code: 137, outOfMemory: false });
    const child = await bench.start(`${hog}; exit 3`, { limits });
    expect(await bench.exit(child)).toMatchObject({ code: 3, outOfMemory: false });
  });

  test('is limited in its processes', async () => {
    const limits = { memoryBytes: 128 * 1024 * 1024, cpuWeight: 1, pids: 20 };
    const bomb = 'for i in $(seq 1 60); do sleep 30 & done; echo survived';
    expect(await bench.output(await bench.start(bomb, { limits }))).toMatch(/fork/i);
  });

  test('gets its SIGTERM at once, and its time to finish', async () => {
    const program = `process.on('SIGTERM',()=>setTimeout(()=>{console.log('finished');process.exit(0)},300));setInterval(()=>{},1e6);console.log('up')`;
    for (const command of [`node -e "${program}"`, `cd /app; node -e "${program}"; true`]) {
      const handle = await bench.start(command);
      await bench.until(handle, 'up');
      const before = Date.now();
      await bench.engine.signal(handle, 'SIGTERM');
      await bench.exit(handle);
      expect(Date.now() - before).toBeLessThan(3_000);
      expect(await bench.output(handle)).toContain('finished');
    }
  });

  test('runs though its name is taken by a stranger’s container, which stays', async () => {
    const spec = bench.spec('sleep 60');
    const name = bench.names.dyno(spec.appName, spec.labels.dyno, spec.instance);
    const stranger = await docker.createContainer({ Image: 'node:20-slim', Cmd: ['sleep', '60'], name });
    onTestFinished(() => stranger.remove({ force: true }));
    const handle = await bench.engine.start(spec);
    expect((await bench.state(handle))?.kind).toBe('running');
    await bench.engine.remove(handle);
    expect((await stranger.inspect()).Name).toBe(`/${name}`);
  });

  test('that was cut off between its making and its start is started by the next try', async () => {
    const spec = bench.spec('echo hello; sleep 60');
    const labels = bench.names.labels('dyno', { 'tfk.instance': spec.instance, 'tfk.dyno': 'web.1' });
    const made = await docker.createContainer({ Image: 'node:20-slim', Cmd: ['true'], Labels: labels });
    expect(await bench.engine.list()).toMatchObject([{ state: { kind: 'exited', exit: { code: null } } }]);
    const handle = await bench.engine.start(spec);
    expect(handle.data['container']).not.toBe(made.id);
    expect(await bench.engine.list()).toMatchObject([{ handle, state: { kind: 'running' } }]);
  });

  test('that was never started has no log, and nobody waits for one', async () => {
    const instance = `${bench.names.home}-never`;
    const labels = bench.names.labels('dyno', { 'tfk.instance': instance, 'tfk.dyno': 'web.1' });
    await docker.createContainer({ Image: 'node:20-slim', Cmd: ['true'], Labels: labels });
    expect(await bench.output({ instance } as DynoHandle)).toBe('');
  });

  test('is followed from its first line by whoever asks while it is being started', async () => {
    const spec = bench.spec('echo first');
    const starting = bench.engine.start(spec);
    expect(await bench.output({ instance: spec.instance } as DynoHandle)).toBe('first');
    await starting;
  });

  test('that was never started is cleared away when the next tfkd opens', async () => {
    const running = await bench.start('sleep 60');
    const labels = bench.names.labels('dyno', { 'tfk.instance': 'half-made' });
    await docker.createContainer({ Image: 'node:20-slim', Cmd: ['true'], Labels: labels });
    const engine = await bench.reopen();
    expect((await engine.list()).map(({ handle }) => handle.instance)).toEqual([running.instance]);
  });

  test('can be stopped and removed while someone has paused it', async () => {
    const handle = await bench.start('sleep 60');
    await docker.getContainer(String(handle.data['container'])).pause();
    expect((await bench.state(handle))?.kind).toBe('running');
    await bench.engine.signal(handle, 'SIGTERM');
    expect((await bench.exit(handle)).code).toBe(143);
    const other = await bench.start('sleep 60');
    await docker.getContainer(String(other.data['container'])).pause();
    await bench.engine.remove(other);
    expect(await bench.state(other)).toBeNull();
  });

  test('takes its anonymous volumes along', async () => {
    const artifact = await imageWith({ Volumes: { '/data': {} } });
    const handle = await bench.start('sleep 60', { artifact });
    const [mount] = (await bench.inspect(handle)).Mounts.filter(({ Type }) => Type === 'volume');
    await bench.engine.remove(handle);
    await expect(docker.getVolume(mount?.Name ?? '').inspect()).rejects.toThrow('no such volume');
  });

  /** A slug whose image says something else of itself. */
  const imageWith = async (config: object) => {
    const id = randomBytes(32).toString('hex');
    const Image = bench.names.slugImage(bench.artifact.id);
    const container = await docker.createContainer({ Image });
    const [repo = '', tag = ''] = bench.names.slugImage(id).split(':');
    await container.commit({ repo, tag, ...config });
    await container.remove();
    return { ...bench.artifact, id };
  };

  test('of an image with a command of its own runs that, without a shell', async () => {
    const config = {
      Entrypoint: ['node', '-e'],
      Cmd: ['console.log(process.ppid, process.env.PORT)'],
      Labels: { ...bench.names.labels('slug'), 'tfk.command': 'node -e own' },
      ExposedPorts: { '8000/tcp': {} },
    };
    const artifact = await imageWith(config);
    const own = await bench.start('node -e own', { artifact, port: true });
    expect(await bench.output(own)).toBe('1 8000');
    const other = await bench.start('echo $PORT', { artifact, port: true });
    expect(await bench.output(other)).toBe('8000');
  });

  test('of an image that runs as root keeps what servers need, and no more', async () => {
    const artifact = await imageWith({ User: 'root' });
    const handle = await bench.start('sleep 60', { artifact });
    const { HostConfig } = await bench.inspect(handle);
    expect(HostConfig.CapDrop).toEqual(['ALL']);
    expect(HostConfig.CapAdd).toContain('SETUID');
    expect(HostConfig.CapAdd).not.toContain('NET_RAW');
    expect(HostConfig.CapAdd).not.toContain('SYS_ADMIN');
  });

  test('that cannot be run says why, and leaves nothing', async () => {
    const stranger = await imageWith({ User: 'nobody-there' });
    await expect(bench.start('true', { artifact: stranger })).rejects.toThrow('the user that its Dockerfile');
    expect(await bench.engine.list()).toEqual([]);
    expect((await leftoversOf(docker, bench.names)).filter((one) => one.startsWith('container'))).toEqual([]);
  });

  test('is reached through a published port where Docker is not on this kernel', async () => {
    const engine = await bench.reopen(new RemoteClient({ env: {} }));
    const handle = await engine.start(bench.spec(SERVER, { port: true }));
    expect(handle.address?.host).toBe('127.0.0.1');
    const { host, port } = await listening(handle, engine);
    expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('hello');
    expect((await engine.list())[0]?.handle).toEqual(handle);
    expect((await engine.inspect(handle)).memoryBytes).toBeGreaterThan(1e6);
  });

  test('is neither lost nor ended while Docker is away, and watchers hear when it is back', async () => {
    const forwarded = await ForwardedDocker.create();
    const client = new ConnectedClient({ env: { DOCKER_HOST: `unix://${forwarded.path}` } });
    const engine = await bench.reopen(client);
    await expect(engine.list()).rejects.toBeInstanceOf(EngineUnreachable);
    await expect(engine.start(bench.spec('true'))).rejects.toBeInstanceOf(EngineUnreachable);
    expect(await engine.examine()).toMatchObject([{ name: 'docker', status: 'failed' }]);
    let told = 0;
    const unwatch = engine.watch(() => (told += 1));
    onTestFinished(unwatch);
    await forwarded.open();
    const handle = await engine.start(bench.spec('sleep 60'));
    await eventually(() => expect(told).toBeGreaterThan(0));
    await forwarded.close();
    await expect(engine.list()).rejects.toBeInstanceOf(EngineUnreachable);
    await expect(engine.signal(handle, 'SIGKILL')).rejects.toBeInstanceOf(EngineUnreachable);
    await forwarded.open();
    expect(await engine.list()).toMatchObject([{ handle, state: { kind: 'running' } }]);
    await eventually(() => expect(forwarded.connections).toBeGreaterThan(0));
    const before = told;
    await bench.engine.signal(handle, 'SIGKILL');
    await eventually(() => expect(told).toBeGreaterThan(before));
  });

  const forwardedEngine = async (more = {}) => {
    const forwarded = await ForwardedDocker.create();
    await forwarded.open();
    const client = new ConnectedClient({ env: { DOCKER_HOST: `unix://${forwarded.path}` }, ...more });
    return { forwarded, engine: await bench.reopen(client) };
  };

  test.each(['refused', 'lost'] as const)(
    'of which Docker does not tell how it ended (%s) is unknown, and hides no other',
    async (fate) => {
      const [ended, running] = [await bench.start('exit 3'), await bench.start('sleep 60')];
      await bench.exit(ended);
      const { forwarded, engine } = await forwardedEngine();
      const heal = forwarded.doom(/^GET .*\/containers\/[0-9a-f]{64}\/json/, fate);
      const reason = expect.stringContaining('Docker does not say how it ended') as unknown;
      const states = (await engine.list()).map(({ handle, state }) => [handle.instance, state]);
      expect(Object.fromEntries(states)).toMatchObject({
        [ended.instance]: { kind: 'unknown', reason },
        [running.instance]: { kind: 'running' },
      });
      heal();
      expect(await bench.state(ended, engine)).toMatchObject({ kind: 'exited', exit: { code: 3 } });
    },
  );

  test('whose start is cut off by Docker’s end is started once, by the next try', async () => {
    const forwarded = await ForwardedDocker.create();
    await forwarded.open();
    const client = new ConnectedClient({ env: { DOCKER_HOST: `unix://${forwarded.path}` } });
    const engine = await bench.reopen(client);
    for (const instance of ['early', 'late']) {
      const spec = bench.spec('sleep 60', { instance: `${bench.names.home}-${instance}` });
      const started = engine.start(spec).catch((error: unknown) => error);
      await eventually(async () => expect(await madeOf(spec.instance)).toBe(instance === 'late' ? 1 : 0));
      await forwarded.close();
      expect(await started).toBeInstanceOf(EngineUnreachable);
      await forwarded.open();
      const handle = await engine.start(spec);
      expect(await madeOf(spec.instance)).toBe(1);
      expect((await bench.state(handle, engine))?.kind).toBe('running');
    }
  });

  test('starts though Docker has made its app’s network a second time', async () => {
    await bench.start('sleep 60');
    const labels = bench.names.labels('network', { 'tfk.app': 'app' });
    const twin = await docker.createNetwork({ Name: bench.names.network('app'), Labels: labels });
    const handle = await bench.start('sleep 60');
    expect((await bench.state(handle))?.kind).toBe('running');
    await expect(twin.inspect()).rejects.toThrow('no such network');
  });

  test('whose making Docker does not answer for is made once, however soon the next try is', async () => {
    const { forwarded, engine } = await forwardedEngine({ changeMs: 50 });
    const patient = await forwardedEngine();
    for (let round = 0; round < 5; round += 1) {
      const spec = bench.spec('sleep 60');
      const heal = forwarded.doom(/^POST .*\/containers\/create/, 'unanswered');
      await expect(engine.start(spec)).rejects.toBeInstanceOf(EngineUnreachable);
      heal();
      await eventually(() => patient.engine.start(spec));
      await eventually(async () => expect(await madeOf(spec.instance)).toBe(1));
      expect((await bench.state({ instance: spec.instance } as DynoHandle))?.kind).toBe('running');
    }
  });

  const madeOf = async (instance: string) => {
    const filters = { label: [`tfk.instance=${instance}`] };
    return (await docker.listContainers({ all: true, filters })).length;
  };

  test('of one home is not seen by another', async () => {
    const other = await DockerBench.open(docker);
    onTestFinished(() => other.dispose());
    const own = await bench.start('sleep 60');
    const theirs = await other.start('sleep 60');
    expect((await bench.engine.list()).map(({ handle }) => handle)).toEqual([own]);
    expect((await other.engine.list()).map(({ handle }) => handle)).toEqual([theirs]);
    await bench.engine.remove(theirs);
    expect((await other.state(theirs))?.kind).toBe('running');
  });
});

class RemoteClient extends ConnectedClient {
  override async host(): Promise<DockerHost> {
    return { ...(await super.host()), local: false };
  }
}
