import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  parseEndpoint,
  textOf,
  type Endpoint,
} from '../../../../daemon/engines/docker/connection/endpoint.js';
import { isLocal } from '../../../../daemon/engines/docker/connection/locality.js';
import { negotiate } from '../../../../daemon/engines/docker/connection/negotiate.js';
import { limitOf, limitOfStream } from '../../../../daemon/engines/docker/connection/requests.js';
import { ContextStrategy } from '../../../../daemon/engines/docker/connection/strategies/context.js';
import { DockerHostStrategy } from '../../../../daemon/engines/docker/connection/strategies/docker-host.js';
import { UsualSocketsStrategy } from '../../../../daemon/engines/docker/connection/strategies/usual-sockets.js';
import { failureOf, noneAnswered } from '../../../../daemon/engines/docker/connection/words.js';

const FILES = { ca: '/c/ca.pem', cert: '/c/cert.pem', key: '/c/key.pem' };

test.each<[string, Endpoint]>([
  ['unix:///var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }],
  ['tcp://host:1234', { kind: 'tcp', host: 'host', port: 1234, tls: null }],
  ['tcp://host', { kind: 'tcp', host: 'host', port: 2375, tls: null }],
  ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375, tls: null }],
])('reads the endpoint %s', (text, endpoint) => {
  expect(parseEndpoint(text, null)).toEqual(endpoint);
  expect(parseEndpoint(textOf(endpoint), null)).toEqual(endpoint);
});

test('takes the port of TLS where it is used', () => {
  expect(parseEndpoint('tcp://host', FILES)).toEqual({ kind: 'tcp', host: 'host', port: 2376, tls: FILES });
});

test.each(['ssh://me@host', 'host:2375', 'npipe:////./pipe/docker', 'tcp://', 'tcp://host/path', ''])(
  'refuses the endpoint %j',
  (text) => {
    expect(() => parseEndpoint(text, null)).toThrow(/ssh|neither unix/);
  },
);

const surroundings = (env: Record<string, string>, files: Record<string, string> = {}) => ({
  env,
  userHome: '/home/me',
  readText: (path: string) => {
    const text = files[path];
    return text === undefined
      ? Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
      : Promise.resolve(text);
  },
});

test('follows DOCKER_HOST, with the certificates Docker would use', async () => {
  const strategy = new DockerHostStrategy();
  expect(await strategy.find(surroundings({ DOCKER_HOST: '' }))).toBeNull();
  const [plain] = (await strategy.find(surroundings({ DOCKER_HOST: 'tcp://h' }))) ?? [];
  expect(plain?.endpoint).toMatchObject({ port: 2375, tls: null });
  const env = { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1' };
  const [secured] = (await strategy.find(surroundings(env))) ?? [];
  expect(secured?.endpoint).toMatchObject({ port: 2376, tls: { ca: '/home/me/.docker/ca.pem' } });
  const [elsewhere] = (await strategy.find(surroundings({ ...env, DOCKER_CERT_PATH: '/c' }))) ?? [];
  expect(elsewhere?.endpoint).toMatchObject({ tls: FILES });
});

const metaFile = (context: string, host: string) => ({
  [`/home/me/.docker/contexts/meta/${createHash('sha256').update(context).digest('hex')}/meta.json`]:
    JSON.stringify({ Name: context, Endpoints: { docker: { Host: host } } }),
});

test('follows the chosen docker context, and no other', async () => {
  const strategy = new ContextStrategy();
  const config = { '/home/me/.docker/config.json': '{"currentContext":"desktop"}' };
  const files = { ...config, ...metaFile('desktop', 'unix:///d.sock'), ...metaFile('far', 'tcp://far:1') };
  expect(await strategy.find(surroundings({}, files))).toEqual([
    { endpoint: { kind: 'unix', path: '/d.sock' }, source: 'docker context desktop' },
  ]);
  expect(await strategy.find(surroundings({ DOCKER_CONTEXT: 'far' }, files))).toMatchObject([
    { source: 'docker context far' },
  ]);
  expect(await strategy.find(surroundings({ DOCKER_CONTEXT: 'default' }, files))).toBeNull();
  expect(await strategy.find(surroundings({}))).toBeNull();
  await expect(strategy.find(surroundings({ DOCKER_CONTEXT: 'gone' }, files))).rejects.toThrow(
    'the docker context "gone" is not defined',
  );
  const broken = surroundings({}, { '/home/me/.docker/config.json': '{' });
  await expect(strategy.find(broken)).rejects.toThrow('/home/me/.docker/config.json cannot be read');
});

test('knows the usual sockets: the system’s, a user’s own, Docker Desktop’s', async () => {
  const found = await new UsualSocketsStrategy().find(surroundings({ XDG_RUNTIME_DIR: '/run/user/7' }));
  expect(found.map(({ endpoint }) => textOf(endpoint))).toEqual([
    'unix:///var/run/docker.sock',
    'unix:///run/user/7/docker.sock',
    'unix:///home/me/.docker/run/docker.sock',
  ]);
});

test.each([
  [{ ApiVersion: '1.41' }, [1, 41]],
  [{ ApiVersion: '1.43', MinAPIVersion: '1.12' }, [1, 43]],
  [{ ApiVersion: '1.52', MinAPIVersion: '1.44' }, [1, 44]],
  [{ ApiVersion: '1.60', MinAPIVersion: '1.50' }, [1, 50]],
])('speaks with an engine of %j in the newest version both know', (versions, api) => {
  expect(negotiate({ Version: '1', ...versions })).toEqual({ ok: true, api });
});

test('takes neither an old Docker nor Podman', () => {
  const old = negotiate({ Version: '19.03.15', ApiVersion: '1.40' });
  expect(old).toMatchObject({ ok: false, hint: 'Install Docker Engine 20.10 or newer.' });
  const podman = { Version: '4.3', ApiVersion: '1.41', Components: [{ Name: 'Podman Engine' }] };
  expect(negotiate(podman)).toMatchObject({ ok: false, reason: 'that is Podman, not Docker' });
});

test.each([
  ['on this machine', {}, {}, true],
  ['in Docker Desktop’s virtual machine', { kernel: 'linuxkit' }, {}, false],
  ['behind a forwarded socket', { hostname: 'far' }, {}, false],
  ['of a user’s own', { rootless: true }, {}, false],
  ['outside of the container tfkd is in', {}, { hasSocket: false }, false],
  ['on a Mac', {}, { platform: 'darwin' }, false],
])('tells whether the addresses of an engine %s are reached', (_where, engine, own, local) => {
  const endpoint: Endpoint = { kind: 'unix', path: '/var/run/docker.sock' };
  const same = { kernel: '6.1', hostname: 'me' };
  const machine = { ...same, platform: 'linux', hasSocket: true, ...own };
  expect(isLocal(endpoint, { ...same, rootless: false, ...engine }, machine)).toBe(local);
  const remote: Endpoint = { kind: 'tcp', host: 'me', port: 2375, tls: null };
  expect(isLocal(remote, { ...same, rootless: false }, machine)).toBe(false);
});

const failureWith = (code: string) => failureOf(Object.assign(new Error('x'), { code }));

test('says what was tried, and shows the hint that tells most', () => {
  const error = noneAnswered([
    { source: 'usual socket', endpoint: 'unix:///a', failure: failureWith('EACCES') },
    { source: 'usual socket', endpoint: 'unix:///b', failure: failureWith('ENOENT') },
  ]);
  expect(error.id).toBe('unavailable');
  expect(error.message).toBe(
    'Docker does not answer. Tried unix:///a (usual socket): this user may not use it; unix:///b (usual socket): there is no such socket.',
  );
  expect(error.hint).toContain('group docker');
});

test('takes an answer of Docker for no lost connection', () => {
  expect(failureOf(Object.assign(new Error('no such container'), { statusCode: 404 }))).toBeNull();
  expect(failureOf(new Error('socket hang up'))).not.toBeNull();
});

test.each([
  ['GET', '/containers/json?', 1],
  ['GET', '/containers/f00/logs?', null],
  ['GET', '/system/df?', null],
  ['POST', '/containers/create?', 2],
  ['POST', '/containers/f00/start?', 2],
  ['DELETE', '/containers/f00?', 2],
  ['POST', '/containers/f00/wait?', null],
  ['POST', '/containers/f00/stop', null],
  ['PUT', '/containers/f00/archive?', null],
  ['POST', '/containers/prune?', null],
  ['POST', '/commit?', null],
  ['POST', '/build?', null],
  ['POST', '/images/create?', null],
  ['POST', '/images/mirror:5000/team/app/push?', null],
  ['POST', '/images/app/tag?', 2],
  ['POST', '/networks/create', 2],
])('lets %s %s take its time: %s', (method, path, limit) => {
  expect(limitOf({ method, path }, { helloMs: 3, answerMs: 1, changeMs: 2 })).toBe(limit);
});

test.each([
  ['/events?', 3],
  ['/containers/f00/attach?', 1],
  ['/exec/f00/start', 1],
  ['/containers/f00/logs?', null],
  ['/build?', null],
])('waits for the beginning of %s: %s', (path, limit) => {
  expect(limitOfStream({ path }, { helloMs: 3, answerMs: 1, changeMs: 2 })).toBe(limit);
});
