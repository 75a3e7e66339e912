import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../shared/atomic-file.js';
import type { Clock } from '../shared/clock.js';
import { codeOf, TfkError } from '../shared/errors.js';
import type { Permitted } from './certificate.js';
import { localHosts } from './hosts.js';

/** What a TLS server is given. */
export interface ServerCertificate {
  /** PEM */
  readonly cert: string;
  /** PEM; it is nowhere on disk, and goes into no log. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** From when on the server should ask for the next one. */
  readonly renewAt: number;
}

const DAY_MS = 86_400_000;
const AUTHORITY_MS = 3650 * DAY_MS;
/** So long before its end the authority gets its next certificate: time enough to trust that one too. */
const AUTHORITY_RENEWAL_MS = 365 * DAY_MS;
const SERVER_MS = 90 * DAY_MS;
const SERVER_RENEWAL_MS = 30 * DAY_MS;
/** The clocks of a machine and of its virtual machines differ. */
const SKEW_MS = DAY_MS;

const PERMITTED: Permitted = { domains: ['localhost', 'test'], networks: ['127.0.0.0/8', '::1/128'] };

/**
 * The certificate authority of one home: `tls/ca.key` (0600) and `tls/ca.crt`, made on first use. Its certificate is limited
 * to names of this machine, so that whoever trusts it trusts it with nothing else, even if the key is stolen.
 *
 * The key stays and its certificate is renewed in good time: what an old certificate vouches for, the new one does too, and
 * the other way round, so no client notices. To change the key, remove `tls/` and restart tfkd.
 */
export class LocalAuthority {
  /** Of its certificate, for clients to trust. */
  readonly certPath: string;

  private constructor(
    private readonly folder: string,
    private readonly clock: Clock,
    private readonly key: KeyObject,
    private stored: X509Certificate,
  ) {
    this.certPath = join(folder, 'ca.crt');
  }

  /** Only tfkd opens it, which has locked the home. */
  static async open(home: string, clock: Clock): Promise<LocalAuthority> {
    const folder = join(home, 'tls');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const key = await loadKey(join(folder, 'ca.key'));
    const stored = await readStored(join(folder, 'ca.crt'), key);
    const usable = stored && !isDue(stored, clock.now());
    return new LocalAuthority(folder, clock, key, usable ? stored : await renew(folder, key, clock.now()));
  }

  /** PEM of its own certificate. */
  get caPem(): string {
    return this.stored.toString();
  }

  /** Its own certificate, where it is on disk, and when it ends. */
  current(): { certificate: string; path: string; expiresAt: number } {
    return { certificate: this.caPem, path: this.certPath, expiresAt: endOf(this.stored) };
  }

  /**
   * A new key and certificate for a server. A wildcard right below `localhost` is of no use: clients take none below a top
   * level domain.
   *
   * @param hosts names and addresses of this machine: below `localhost` or `test`, in 127.0.0.0/8, or ::1
   * @throws TfkError `invalid_params`
   */
  async certificateFor(hosts: readonly string[]): Promise<ServerCertificate> {
    const names = localHosts(hosts);
    const now = this.clock.now();
    if (isDue(this.stored, now)) this.stored = await renew(this.folder, this.key, now);
    const expiresAt = Math.min(now + SERVER_MS, endOf(this.stored));
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { serverCertificate } = await import('./certificate.js');
    return {
      cert: serverCertificate(publicKey, names, { from: now - SKEW_MS, until: expiresAt }, this.key),
      key: pemOf(privateKey),
      expiresAt,
      renewAt: expiresAt - SERVER_RENEWAL_MS,
    };
  }
}

/** Written before the certificate, which can be made of it again: a crash in between costs nothing. */
async function loadKey(path: string): Promise<KeyObject> {
  let text: string;
  try {
    if (((await stat(path)).mode & 0o077) !== 0) {
      throw new TfkError('forbidden', `${path} can be read by others than its owner.`, {
        hint: `Type: chmod 600 ${path}`,
      });
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFileAtomic(path, pemOf(privateKey));
    return privateKey;
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new TfkError('internal_server_error', `${path} is not a private key.`, {
      hint: 'Remove the file: the next start makes a new authority, which clients then have to trust.',
      cause: error,
    });
  }
}

/** Undefined where there is none, or not this key's. */
async function readStored(path: string, key: KeyObject): Promise<X509Certificate | undefined> {
  try {
    const certificate = new X509Certificate(await readFile(path));
    return certificate.ca && certificate.checkPrivateKey(key) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

async function renew(folder: string, key: KeyObject, now: number): Promise<X509Certificate> {
  const { authorityCertificate } = await import('./certificate.js');
  const pem = authorityCertificate(key, { from: now - SKEW_MS, until: now + AUTHORITY_MS }, PERMITTED);
  await writeFileAtomic(join(folder, 'ca.crt'), pem, 0o644);
  return new X509Certificate(pem);
}

/** Also where the clock was in the future when it was made. */
const isDue = (certificate: X509Certificate, now: number): boolean =>
  now > endOf(certificate) - AUTHORITY_RENEWAL_MS || now < Date.parse(certificate.validFrom);

const endOf = (certificate: X509Certificate): number => Date.parse(certificate.validTo);

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
