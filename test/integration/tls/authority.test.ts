import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../daemon/shared/clock.js';
import { LocalAuthority, type ServerCertificate } from '../../../daemon/tls/authority.js';
import { serverCertificate } from '../../../daemon/tls/certificate.js';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-01-02T03:04:05Z');
const clockAt = (now: number): Clock => ({ now: () => now, sleep: () => Promise.resolve() });

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tfk-authority-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const open = (now = START): Promise<LocalAuthority> => LocalAuthority.open(home, clockAt(now));
const inFolder = (name: string): string => join(home, 'tls', name);

/** Does a client that trusts this authority talk to a server with this certificate under that name? */
async function accepts(ca: string, leaf: ServerCertificate, host: string): Promise<boolean> {
  const server = createServer({ cert: leaf.cert, key: leaf.key }, (socket) => socket.end('hello'));
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const client = connect({
      host: '127.0.0.1',
      port,
      ca,
      ...(/^[\d.]+$/.test(host) ? {} : { servername: host }),
    });
    await once(client, 'secureConnect');
    client.destroy();
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

describe('the files of the local authority', () => {
  it('are made on first use, the key for its owner only', async () => {
    const authority = await open();
    expect((await stat(inFolder(''))).mode & 0o777).toBe(0o700);
    expect((await stat(inFolder('ca.key'))).mode & 0o777).toBe(0o600);
    expect(await readFile(authority.certPath, 'utf8')).toBe(authority.caPem);
    expect(await readdir(inFolder(''))).toEqual(['ca.crt', 'ca.key']);
  });

  it('stay as they are when they are opened again', async () => {
    const first = await open();
    const again = await open(START + 400 * DAY_MS);
    expect(again.caPem).toBe(first.caPem);
  });

  it('are made whole where a crash left the key alone, or a certificate of another key', async () => {
    const first = await open();
    await rm(inFolder('ca.crt'));
    const key = await readFile(inFolder('ca.key'), 'utf8');
    const again = await open();
    expect(await readFile(inFolder('ca.key'), 'utf8')).toBe(key);
    await rm(inFolder('ca.key'));
    const anew = await open();
    expect(new Set([first, again, anew].map(({ caPem }) => caPem)).size).toBe(3);
    const leaf = await anew.certificateFor(['localhost']);
    expect(new X509Certificate(leaf.cert).verify(new X509Certificate(anew.caPem).publicKey)).toBe(true);
    expect(new X509Certificate(again.caPem).subject).toBe(new X509Certificate(first.caPem).subject);
    expect(new X509Certificate(anew.caPem).subject).not.toBe(new X509Certificate(first.caPem).subject);
  });

  it('are refused where others may read the key, or it is none', async () => {
    await open();
    await chmod(inFolder('ca.key'), 0o644);
    await expect(open()).rejects.toMatchObject({
      id: 'forbidden',
      hint: expect.stringContaining('chmod 600') as string,
    });
    await writeFile(inFolder('ca.key'), 'nonsense');
    await chmod(inFolder('ca.key'), 0o600);
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining('not a private key') as string,
    });
  });
});

describe('what the local authority signs', () => {
  it('is accepted by whoever trusts it, under its names and no others', async () => {
    const authority = await open(Date.now());
    const leaf = await authority.certificateFor(['127.0.0.1', '::1', 'localhost']);
    expect(new X509Certificate(leaf.cert).subjectAltName).toBe(
      'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:localhost',
    );
    expect(await accepts(authority.caPem, leaf, '127.0.0.1')).toBe(true);
    expect(await accepts(authority.caPem, leaf, 'localhost')).toBe(true);
    expect(await accepts(authority.caPem, leaf, 'demo.localhost')).toBe(false);
    expect(
      await accepts(authority.caPem, await authority.certificateFor(['demo.localhost']), 'demo.localhost'),
    ).toBe(true);
    const { caPem: stranger } = await LocalAuthority.open(
      await mkdtemp(join(home, 'other-')),
      clockAt(Date.now()),
    );
    expect(await accepts(stranger, leaf, '127.0.0.1')).toBe(false);
  });

  it.each([
    ['example.com'],
    ['8.8.8.8'],
    ['localhost.example.com'],
    ['a_b.localhost'],
    ['*.*.localhost'],
    [''],
  ])('is never for %s', async (host) => {
    const authority = await open();
    await expect(authority.certificateFor(['localhost', host])).rejects.toMatchObject({
      id: 'invalid_params',
    });
  });

  it('is refused by clients under any other name, even if somebody steals the key', async () => {
    const authority = await open(Date.now());
    const key = createPrivateKey(await readFile(inFolder('ca.key'), 'utf8'));
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const validity = { from: Date.now() - DAY_MS, until: Date.now() + DAY_MS };
    const forged = (host: string): ServerCertificate => ({
      cert: serverCertificate(own.publicKey, [host], validity, key),
      key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      expiresAt: 0,
      renewAt: 0,
    });
    expect(await accepts(authority.caPem, forged('demo.localhost'), 'demo.localhost')).toBe(true);
    expect(await accepts(authority.caPem, forged('www.example.com'), 'www.example.com')).toBe(false);
  });

  it('ends after 90 days, and never after the authority itself', async () => {
    const authority = await open();
    const leaf = await authority.certificateFor(['localhost']);
    expect(leaf.expiresAt).toBe(START + 90 * DAY_MS);
    expect(leaf.renewAt).toBe(START + 60 * DAY_MS);
    expect(Date.parse(new X509Certificate(leaf.cert).validTo)).toBe(leaf.expiresAt);
  });
});

describe('the renewal of the local authority', () => {
  it('comes a year before its end, in a tfkd that runs as in one that starts, and is trusted either way', async () => {
    let now = Date.now() - 9.5 * 365 * DAY_MS;
    const running = await LocalAuthority.open(home, { ...clockAt(0), now: () => now });
    const old = running.caPem;
    now = Date.now();
    const leaf = await running.certificateFor(['127.0.0.1']);
    expect(running.caPem).not.toBe(old);
    expect(await readFile(running.certPath, 'utf8')).toBe(running.caPem);
    expect(Date.parse(new X509Certificate(running.caPem).validTo)).toBeGreaterThan(now + 3600 * DAY_MS);
    expect(await accepts(old, leaf, '127.0.0.1')).toBe(true);
    expect(await accepts(running.caPem, leaf, '127.0.0.1')).toBe(true);
    expect((await open(now)).caPem).toBe(running.caPem);
  });

  it('also comes where the clock had run ahead', async () => {
    const ahead = await open(START + 5000 * DAY_MS);
    const right = await open(START);
    expect(right.caPem).not.toBe(ahead.caPem);
    expect(Date.parse(new X509Certificate(right.caPem).validFrom)).toBeLessThan(START);
  });
});
