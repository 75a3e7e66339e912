import { expect, test } from 'vitest';
import { eventOf } from '../../../../daemon/engines/docker/dynos/changes.js';
import { shellOf } from '../../../../daemon/engines/docker/dynos/command.js';
import { containerOptions, portOf } from '../../../../daemon/engines/docker/dynos/container-options.js';
import { addressOf, publicHost, publishAddress } from '../../../../daemon/engines/docker/dynos/containers.js';
import { runImageOf, type RunImage } from '../../../../daemon/engines/docker/dynos/image-facts.js';
import { exitOf } from '../../../../daemon/engines/docker/dynos/observe.js';
import { startFailure } from '../../../../daemon/engines/docker/dynos/start-failure.js';
import { listeningIn } from '../../../../daemon/engines/docker/dynos/usage.js';
import { connectionFacts, infoFacts, routingFact } from '../../../../daemon/engines/docker/examine.js';
import { Names } from '../../../../daemon/engines/docker/names.js';
import type { DynoSpec } from '../../../../daemon/engines/engine.js';
import { messageOf } from '../../../../daemon/shared/errors.js';

const SPEC: DynoSpec = {
  instance: 'i1',
  labels: { appId: 'a1', dyno: 'web.1', releaseVersion: 3 },
  appName: 'shop',
  artifact: { engine: 'docker', id: 'f'.repeat(64), size: 1 },
  command: 'node web.js',
  env: { COLOUR: 'blue', PATH: '/evil', PORT: '1', TMPDIR: '/elsewhere' },
  port: true,
  limits: { memoryBytes: 1000, cpuWeight: 2, pids: 99 },
  appNumber: 1,
  stdio: 'logged',
  terminal: null,
};
const IMAGE: RunImage = { id: 'sha256:1', root: false, command: null, exposed: [], launching: 'plain' };
const PLACE = {
  names: new Names('0123456789ab'),
  network: 'net-id',
  publishOn: null,
  logConfig: { Type: 'local', Config: {} },
};

test('gives a dyno its environment, and nothing of the engine’s that the app set', () => {
  const { Env, HostConfig, Labels, name } = containerOptions(SPEC, IMAGE, PLACE);
  expect(Env).toEqual(['COLOUR=blue', 'TMPDIR=/tmp', 'PORT=5000', 'TINI_KILL_PROCESS_GROUP=1']);
  expect(HostConfig).toMatchObject({ CpuShares: 2048, PidsLimit: 99, NetworkMode: 'net-id' });
  expect(JSON.stringify([Labels, name])).not.toContain('blue');
  expect(name).toBe('tfk-shop-web.1-i1');
});

test('publishes the port only where the dyno’s own address is not reached', () => {
  expect(containerOptions(SPEC, IMAGE, PLACE).HostConfig?.PortBindings).toBeUndefined();
  const published = containerOptions(SPEC, IMAGE, { ...PLACE, publishOn: '127.0.0.1' });
  expect(published.HostConfig?.PortBindings).toEqual({ '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] });
});

test.each([
  [[], 5000],
  [[8080], 8080],
  [[80, 443], 5000],
])('of an image that exposes %j listens on %i', (exposed, port) => {
  expect(portOf(SPEC, { ...IMAGE, exposed })).toBe(port);
  expect(portOf({ ...SPEC, port: false }, { ...IMAGE, exposed })).toBeNull();
});

test('sources the profile of a folder that tfk built, and has a builder’s launcher run commands', () => {
  const launchingOf = (Labels: Record<string, string>) =>
    runImageOf({ Id: 'x', Config: { Labels } as never }).launching;
  expect(launchingOf({ 'tfk.layers': '' })).toBe('profile');
  expect(launchingOf({ 'tfk.images': '', 'tfk.layers': '' })).toBe('plain');
  expect(launchingOf({ 'tfk.builder': 'b', 'tfk.layers': '' })).toBe('launcher');
  expect(launchingOf({ 'tfk.builder': 'b', 'tfk.images': '' })).toBe('plain');
  expect(launchingOf({})).toBe('plain');
  const command = { command: 'node web.js', terminal: null };
  const profiled = shellOf(command, { launching: 'profile' });
  expect(profiled[2]).toContain('.profile.d/*.sh');
  expect(profiled.at(-1)).toBe('exec node web.js');
  const launched = shellOf(command, { launching: 'launcher' });
  expect(launched[2]).toContain('exec /cnb/lifecycle/launcher "$1"');
  expect(launched.at(-1)).toBe('exec node web.js');
});

test('runs a process type of a builder’s image without a shell, which its run image need not have', () => {
  const image = { ...IMAGE, launching: 'launcher' as const };
  const of = (command: string) => containerOptions({ ...SPEC, command }, image, PLACE);
  expect(of('/cnb/process/web')).toMatchObject({ Entrypoint: ['/cnb/process/web'], Cmd: [] });
  expect(of('/cnb/process/web --port 1')).toMatchObject({ Entrypoint: [] });
  expect(of('/cnb/process/../lifecycle/launcher')).toMatchObject({ Entrypoint: [] });
  expect(containerOptions({ ...SPEC, command: '/cnb/process/web' }, IMAGE, PLACE)).toMatchObject({
    Entrypoint: [],
  });
});

test('runs an image as it is for its own command, else a shell', () => {
  const image = { ...IMAGE, command: 'node web.js' };
  expect(containerOptions(SPEC, image, PLACE)).not.toHaveProperty('Cmd');
  expect(containerOptions(SPEC, IMAGE, PLACE)).toMatchObject({
    Entrypoint: [],
    Cmd: ['/bin/sh', '-c', expect.anything()],
  });
});

test('runs a plain command in place of its shell, and any other under one that outlives it', () => {
  const plain = shellOf({ command: 'node web.js', terminal: null }, IMAGE);
  expect(plain).toEqual(['/bin/sh', '-c', 'unset TINI_KILL_PROCESS_GROUP\nexec node web.js']);
  const piped = shellOf({ command: 'cat | tee', terminal: { columns: 91, rows: 23 } }, IMAGE);
  expect(piped[2]).toContain('stty cols 91 rows 23');
  expect(piped.slice(3)).toEqual(['sh', 'cat | tee']);
});

test.each([
  ['', true],
  ['root', true],
  ['0:0', true],
  ['root:staff', true],
  ['1000:1000', false],
  ['node', false],
])('takes an image of the user %j for one of root: %j', (User, root) => {
  expect(runImageOf({ Id: 'x', Config: { User } as never })).toEqual({
    id: 'x',
    launching: 'plain',
    root,
    command: null,
    exposed: [],
  });
});

const state = (more: object) =>
  ({
    Created: '2026-01-01T00:00:00Z',
    State: { FinishedAt: '2026-01-02T00:00:00Z', OOMKilled: false, ...more },
  }) as never;

test.each([
  [
    { ExitCode: 137, OOMKilled: true },
    { code: 137, outOfMemory: true },
  ],
  [{ ExitCode: 137 }, { code: 137, outOfMemory: false }],
  [
    { ExitCode: 0, OOMKilled: true },
    { code: 0, outOfMemory: false },
  ],
])('reads the end %j', (more, exit) => {
  expect(exitOf(state(more))).toEqual({ ...exit, at: Date.parse('2026-01-02T00:00:00Z') });
});

test('dates the end of what never ran by its making', () => {
  const never = state({ ExitCode: 127, FinishedAt: '0001-01-01T00:00:00Z' });
  expect(exitOf(never).at).toBe(Date.parse('2026-01-01T00:00:00Z'));
});

test('reads the listening ports, and leaves out Docker’s own resolver', () => {
  const tables = `  sl  local_address rem_address   st
   0: 0B00007F:9C41 00000000:0000 0A 00000000:00000000
   1: 00000000:1388 00000000:0000 0A 00000000:00000000
   2: 0100007F:0BB8 00000000:0000 0A 00000000:00000000
   3: 020012AC:1388 010012AC:D431 01 00000000:00000000
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1388 00000000000000000000000000000000:0000 0A`;
  expect(listeningIn(tables)).toEqual([3000, 5000]);
});

test('tells a refusal in words, and lets what is none pass', () => {
  const refused = Object.assign(
    new Error('(HTTP code 500) server error - write /x: no space left on device '),
    {
      statusCode: 500,
    },
  );
  expect(messageOf(startFailure('web.1', refused))).toBe('web.1 cannot be started: Docker’s disk is full.');
  const other = Object.assign(new Error('(HTTP code 400) bad parameter - OCI runtime create failed '), {
    statusCode: 400,
  });
  expect(messageOf(startFailure('web.1', other))).toContain('Docker says: OCI runtime create failed.');
  const own = new Error('a bug');
  expect(startFailure('web.1', own)).toBe(own);
});

test('tells each way to Docker that was tried', () => {
  const failed = {
    source: 'a',
    endpoint: 'unix:///a',
    failure: { reason: 'gone', hint: 'start it', weight: 1 },
  };
  const found = { source: 'b', endpoint: 'unix:///b', failure: null };
  expect(connectionFacts([failed])).toEqual([
    { name: 'docker', status: 'failed', detail: 'unix:///a (a): gone', hint: 'start it' },
  ]);
  expect(connectionFacts([failed, found]).map(({ status }) => status)).toEqual(['ok', 'ok']);
});

test('warns of what this Docker cannot do', () => {
  const limits = { MemoryLimit: true, SwapLimit: true, PidsLimit: true, CPUShares: true };
  const whole = {
    Driver: 'overlay2',
    InitBinary: 'docker-init',
    SecurityOptions: ['name=seccomp'],
    ...limits,
  };
  expect(infoFacts(whole).every(({ status }) => status === 'ok')).toBe(true);
  const poor = { ...whole, SwapLimit: false, InitBinary: '', SecurityOptions: [] };
  const warned = infoFacts(poor).filter(({ status }) => status === 'warning');
  expect(warned.map(({ name }) => name)).toEqual(['isolation', 'limits', 'init']);
});

test('hears an event, and takes no other line for one', () => {
  const line = '{"Type":"container","Action":"die","Actor":{"ID":"f00","Attributes":{}}}';
  expect(eventOf(line)).toEqual({ action: 'die', containerId: 'f00' });
  for (const other of ['', '{', 'null', '[]', '7', '{"Action":"die"}', '{"Action":1,"Actor":{"ID":"f00"}}']) {
    expect(eventOf(other)).toBeNull();
  }
});

test.each([
  ['unix:///run/user/7/docker.sock', '127.0.0.1', '127.0.0.1', 'ok'],
  ['tcp://127.0.0.1:2375', '127.0.0.1', '127.0.0.1', 'ok'],
  ['tcp://localhost:2375', 'localhost', '127.0.0.1', 'ok'],
  ['tcp://[::1]:2375', '::1', '::1', 'ok'],
  ['tcp://10.0.0.7:2376', '10.0.0.7', '', 'warning'],
  ['tcp://docker.example:2376', 'docker.example', '', 'warning'],
])(
  'of %s reaches ports at %s, which are published on %j, and says so',
  (endpoint, reached, published, status) => {
    expect(publicHost({ endpoint })).toBe(reached);
    expect(publishAddress({ endpoint })).toBe(published);
    const fact = routingFact({ endpoint, local: false });
    expect(fact).toMatchObject({ name: 'routing', status });
    expect(fact.detail).toContain(`published on ${reached},`);
  },
);

test.each([
  ['tcp://10.0.0.7:2376', '10.0.0.7', 32768],
  ['tcp://[fd00::7]:2376', 'fd00::7', 32769],
  ['tcp://docker.example:2376', 'docker.example', 32768],
])('reaches a dyno at %s by the port of its own family', (endpoint, host, port) => {
  const published = [
    { IP: '::', PrivatePort: 5000, PublicPort: 32769, Type: 'tcp' },
    { IP: '0.0.0.0', PrivatePort: 5000, PublicPort: 32768, Type: 'tcp' },
  ];
  const container = { Labels: { 'tfk.port': '5000' }, Ports: published } as never;
  expect(addressOf(container, { endpoint, local: false } as never)).toEqual({ host, port, relayed: true });
});
