import { randomBytes } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { certificateKey, sealPrivateKey } from '../../../daemon/router/control/certificates.js';
import { routerPlaces } from '../../../daemon/router/control/places.js';
import type { CertificateSet, RouterCertificate } from '../../../daemon/router/control/protocol.js';
import { startRouter, type RouterStart } from '../../../daemon/router/control/spawn.js';
import { SecretBox } from '../../../daemon/shared/secret-box.js';
import { startHttpBackend } from '../../support/backend.js';
import { fingerprintOf, makeCertificate, type MadeCertificate } from '../../support/certificates.js';
import {
  afterTest,
  appWith,
  ask as askPlain,
  backendOn,
  controlOf,
  eventually,
  newHome,
  startOptions,
  useRouters,
} from './harness.js';

useRouters();

const root = makeCertificate({ commonName: 'Test Root' });
const HOME_KEY = randomBytes(32);
const box = new SecretBox(certificateKey(HOME_KEY));

const madeFor = (...names: string[]): MadeCertificate => makeCertificate({ names, issuer: root });
const local = madeFor('localhost');
const shop = madeFor('shop.localhost');

function routed(made: MadeCertificate, ...hosts: string[]): RouterCertificate {
  const fingerprint = fingerprintOf(made.certificate);
  const sealedKey = sealPrivateKey(box, fingerprint, made.key);
  return { hosts, fingerprint, chain: made.certificate, sealedKey };
}

const SET: CertificateSet = {
  certificates: [routed(local, 'localhost'), routed(shop, 'shop.localhost')],
};

/** A router with TLS, in front of one app that answers what it was asked. */
async function start(extra: Partial<RouterStart> = {}, set: CertificateSet | null = SET) {
  const home = await newHome();
  await writeFile(join(home, 'secret.key'), HOME_KEY, { mode: 0o600 });
  const options = startOptions(home, { tlsPort: 0, ...extra });
  await startRouter(options);
  afterTest(() => controlOf(home).shutdown());
  const control = controlOf(home);
  const { port, tlsPort } = await control.status();
  const backend = await startHttpBackend((request, response) => {
    if (request.url === '/echo') request.pipe(response);
    else if (request.url === '/slow') setTimeout(() => response.end('slow'), 1_500);
    else response.end(JSON.stringify(request.headers));
  });
  afterTest(() => backend.close());
  await control.publish([appWith([backendOn(backend.port)])]);
  if (set) await control.certify(set);
  return { home, options, control, port, tlsPort: tlsPort ?? 0 };
}

interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly servername?: string;
  readonly host?: string;
  readonly body?: Buffer;
  readonly agent?: Agent;
}

interface Answered {
  readonly status: number;
  readonly body: Buffer;
  readonly shown: string;
}

/** One request over TLS that trusts the test's authority alone. */
function ask(port: number, asking: Asking = {}): Promise<Answered> {
  const {
    method = 'GET',
    path = '/',
    servername = 'shop.localhost',
    host = servername,
    body,
    agent,
  } = asking;
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      servername,
      headers: { host },
      ca: root.certificate,
      agent: agent ?? false,
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const { socket } = response;
      const shown = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : '';
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), shown: normal(shown) }),
      );
    });
    request.end(body);
  });
}

const normal = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();

/** The certificate shown in a handshake, whoever it is for. */
function handshake(
  port: number,
  options: ConnectionOptions = {},
): Promise<{ shown: string; socket: TLSSocket }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    afterTest(async () => socket.destroy());
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.off('error', reject).on('error', () => undefined);
      resolve({ shown: normal(socket.getPeerCertificate().fingerprint256), socket });
    });
  });
}

const plain = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connectPlain(port, '127.0.0.1');
    afterTest(async () => socket.destroy());
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject).on('error', () => undefined);
      resolve(socket);
    });
  });

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.resume();
  });

describe('TLS', () => {
  test('is the same as HTTP to the app, but for what it is told of how the client came', async () => {
    const { port, tlsPort, home } = await start();
    const { status, body } = await ask(tlsPort);
    expect(status).toBe(200);
    const headers = JSON.parse(body.toString()) as Record<string, string>;
    expect(headers).toMatchObject({
      host: 'shop.localhost',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': String(tlsPort),
    });
    const over80 = JSON.parse((await askPlain(port)).body) as Record<string, string>;
    expect(over80).toMatchObject({ 'x-forwarded-proto': 'http', 'x-forwarded-port': String(port) });
    expect(Object.keys(headers).sort()).toEqual(Object.keys(over80).sort());
    const log = await eventually(async () => {
      const text = await readFile(join(home, 'router', 'log', 'worker-0.000001.jsonl'), 'utf8').catch(
        () => '',
      );
      const other = await readFile(join(home, 'router', 'log', 'worker-1.000001.jsonl'), 'utf8').catch(
        () => '',
      );
      const all = text + other;
      expect(all.split('\n').length).toBeGreaterThan(2);
      return all;
    });
    expect(log).toContain('protocol=https');
    expect(log).toContain('protocol=http"');
  });

  test('shows each name its own certificate, and all others the one for localhost', async () => {
    const { tlsPort, control } = await start();
    const own = madeFor('www.example.com');
    const wild = madeFor('*.example.net');
    await control.certify({
      certificates: [...SET.certificates, routed(own, 'www.example.com'), routed(wild, '*.example.net')],
    });
    const shownFor = async (servername: string) => (await handshake(tlsPort, { servername })).shown;
    expect(await shownFor('WWW.example.com')).toBe(fingerprintOf(own.certificate));
    expect(await shownFor('a.example.net')).toBe(fingerprintOf(wild.certificate));
    expect(await shownFor('shop.localhost')).toBe(fingerprintOf(shop.certificate));
    expect(await shownFor('nobody.example.org')).toBe(fingerprintOf(local.certificate));
    expect((await handshake(tlsPort)).shown).toBe(fingerprintOf(local.certificate));
    expect((await ask(tlsPort, { servername: 'localhost', host: 'nobody.localhost' })).status).toBe(404);
  });

  test('speaks 1.2 and 1.3, and HTTP/1.1 alone', async () => {
    const { tlsPort } = await start();
    const { socket } = await handshake(tlsPort, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual(['TLSv1.3', 'http/1.1']);
    const older = await handshake(tlsPort, { maxVersion: 'TLSv1.2' });
    expect(older.socket.getProtocol()).toBe('TLSv1.2');
    const ancient = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(tlsPort, ancient)).rejects.toThrow(/protocol version|SSL|ECONNRESET/);
    await expect(handshake(tlsPort, { ALPNProtocols: ['h2'] })).rejects.toThrow(/protocol|ECONNRESET/i);
  });

  test('answers a target with the scheme of the other port by 421', async () => {
    const { tlsPort } = await start();
    expect((await ask(tlsPort, { path: 'https://shop.localhost/' })).status).toBe(200);
    expect((await ask(tlsPort, { path: 'http://shop.localhost/' })).status).toBe(421);
  });

  test('carries large bodies both ways, and WebSockets', async () => {
    const { tlsPort, control } = await start();
    const body = randomBytes(20 * 1024 * 1024);
    const answer = await ask(tlsPort, { method: 'POST', path: '/echo', body });
    expect(answer.body.equals(body)).toBe(true);
    const echo = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    afterTest(async () => echo.close());
    echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    await new Promise((resolve) => echo.once('listening', resolve));
    const { port } = echo.address() as { port: number };
    await control.publish([appWith([backendOn(port)])]);
    const agent = new Agent({ ca: root.certificate, servername: 'shop.localhost' });
    const client = new WebSocket(`wss://127.0.0.1:${tlsPort}/`, {
      agent,
      headers: { host: 'shop.localhost' },
    });
    afterTest(async () => client.terminate());
    const heard = new Promise((resolve, reject) => {
      client.once('error', reject).once('message', (data: Buffer) => resolve(data.toString()));
      client.once('open', () => client.send('hello'));
    });
    expect(await heard).toBe('hello');
  });

  test('serves a request that offers a protocol which is not passed on', async () => {
    const { tlsPort } = await start();
    const { socket } = await handshake(tlsPort, { servername: 'shop.localhost' });
    socket.write(
      'GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: upgrade, close\r\nUpgrade: h2c\r\n\r\n',
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await closed(socket);
    expect(text).toMatch(/^HTTP\/1\.1 200/);
  });

  test('takes other certificates without dropping a connection', async () => {
    const { tlsPort, control } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    afterTest(async () => agent.destroy());
    expect((await ask(tlsPort, { agent })).shown).toBe(fingerprintOf(shop.certificate));
    const slow = ask(tlsPort, { path: '/slow' });
    const next = madeFor('shop.localhost');
    await control.certify({ certificates: [routed(local, 'localhost'), routed(next, 'shop.localhost')] });
    expect((await ask(tlsPort)).shown).toBe(fingerprintOf(next.certificate));
    expect((await ask(tlsPort, { agent })).status).toBe(200);
    expect((await slow).body.toString()).toBe('slow');
  });

  test('goes on after a crash of its workers, and of the router, without tfkd', async () => {
    const { tlsPort, control, home, options } = await start();
    for (const { pid } of (await control.status()).workers) {
      process.kill(pid, 'SIGKILL');
      await eventually(async () => expect((await ask(tlsPort)).shown).toBe(fingerprintOf(shop.certificate)));
    }
    await control.close();
    await controlOf(home).shutdown();
    await startRouter({ ...options, tlsPort });
    const again = await ask(tlsPort);
    expect([again.status, again.shown]).toEqual([200, fingerprintOf(shop.certificate)]);
  });

  test('keeps private keys sealed in a file that nobody else reads', async () => {
    const { home } = await start();
    const { certificates } = routerPlaces(home);
    const text = await readFile(certificates, 'utf8');
    expect(text).not.toContain('PRIVATE KEY');
    expect(text).not.toContain(shop.key.split('\n')[1]);
    expect((await stat(certificates)).mode & 0o777).toBe(0o600);
  });

  test('serves all other names when one certificate is damaged', async () => {
    const { tlsPort, control } = await start();
    const damaged = { ...routed(madeFor('bad.localhost'), 'bad.localhost'), sealedKey: 'AAAA' };
    await control.certify({ certificates: [...SET.certificates, damaged] });
    expect((await handshake(tlsPort, { servername: 'bad.localhost' })).shown).toBe(
      fingerprintOf(local.certificate),
    );
    expect((await ask(tlsPort)).status).toBe(200);
  });

  test('ends a handshake for which there is no certificate at all, and serves the next set', async () => {
    const { tlsPort, control } = await start({}, null);
    await expect(ask(tlsPort)).rejects.toThrow(/handshake failure|ECONNRESET/i);
    await control.certify(SET);
    expect((await ask(tlsPort)).status).toBe(200);
  });

  test('cuts handshakes that do not end, and the oldest ones above a limit', async () => {
    const { tlsPort } = await start({ workers: 1, limits: { handshakeMs: 20_000, maxHandshakes: 5 } });
    const stuck: Socket[] = [];
    for (let i = 0; i < 5; i++) stuck.push(await plain(tlsPort));
    const cut = closed(stuck[0] as Socket);
    expect((await ask(tlsPort)).status).toBe(200);
    await cut;
    expect(stuck.slice(2).every((socket) => !socket.destroyed)).toBe(true);
    const { tlsPort: impatient } = await start({ workers: 1, limits: { handshakeMs: 200 } });
    await closed(await plain(impatient));
    expect((await ask(impatient)).status).toBe(200);
  });

  test('is not confused by a client that speaks plain HTTP', async () => {
    const { tlsPort } = await start();
    const socket = await plain(tlsPort);
    socket.write('GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    await closed(socket);
    expect((await ask(tlsPort)).status).toBe(200);
  });

  test('loses nothing while the workers are reloaded', async () => {
    const { tlsPort, control } = await start({ limits: { drainIdleMs: 300, workerDrainMs: 5_000 } });
    let stopped = false;
    let answered = 0;
    const client = async (): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (!stopped) {
        expect((await ask(tlsPort, { agent })).status).toBe(200);
        answered += 1;
      }
      agent.destroy();
    };
    const clients = Promise.all([client(), client(), client()]);
    await control.reload();
    await eventually(() => expect(answered).toBeGreaterThan(50));
    await control.reload();
    stopped = true;
    await clients;
  });
});

describe('a router', () => {
  test('takes another TLS port where its own is taken and it may', async () => {
    const first = await start();
    const second = await start({ tlsPort: first.tlsPort, tlsPortMayDiffer: true });
    expect(second.tlsPort).not.toBe(first.tlsPort);
    await expect(start({ tlsPort: first.tlsPort })).rejects.toThrow(`port ${first.tlsPort} is taken`);
  });

  test('without TLS takes no certificates, and says so', async () => {
    const { control } = await start({ tlsPort: null });
    expect((await control.status()).tlsPort).toBeNull();
    await control.certify(SET);
  });

  test('starts with a certificate file that is damaged, and takes the next set', async () => {
    const { control, home, options, tlsPort } = await start();
    await control.shutdown();
    await writeFile(routerPlaces(home).certificates, 'garbage');
    await chmod(routerPlaces(home).certificates, 0o600);
    await startRouter({ ...options, tlsPort });
    await expect(ask(tlsPort)).rejects.toThrow();
    await controlOf(home).certify(SET);
    expect((await ask(tlsPort)).status).toBe(200);
  });
});
