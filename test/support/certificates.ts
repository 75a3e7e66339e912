import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';

/** A certificate made for a test, with its key. */
export interface MadeCertificate {
  /** PEM */
  readonly certificate: string;
  /** PEM, PKCS #8 */
  readonly key: string;
  readonly privateKey: KeyObject;
  readonly subject: Buffer;
}

export interface Making {
  readonly names?: readonly string[];
  readonly commonName?: string;
  /** Who signs; itself when left out. */
  readonly issuer?: MadeCertificate;
  readonly from?: Date;
  readonly to?: Date;
  readonly rsaBits?: number;
}

const DAY = 86_400_000;

/** Makes an X.509 certificate of any validity and issuer: the DER of RFC 5280, without a library. */
export function makeCertificate(making: Making): MadeCertificate {
  const { names = [], commonName = names[0] ?? 'test', issuer, rsaBits } = making;
  const pair =
    rsaBits === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('rsa', { modulusLength: rsaBits });
  const subject = sequence(set(sequence(oid(2, 5, 4, 3), utf8(commonName))));
  const signer = issuer ?? { privateKey: pair.privateKey, subject };
  const algorithm = algorithmOf(signer.privateKey);
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    signer.subject,
    sequence(
      time(making.from ?? new Date(Date.now() - DAY)),
      time(making.to ?? new Date(Date.now() + 90 * DAY)),
    ),
    subject,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    ...extensions(names),
  );
  const der = sequence(body, algorithm, bits(sign('sha256', body, signer.privateKey)));
  return {
    certificate: pem(der),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey: pair.privateKey,
    subject,
  };
}

/** Authority → intermediate → host, in the order of a chain file. */
export function makeChain(names: readonly string[]) {
  const root = makeCertificate({ commonName: 'Test Root' });
  const intermediate = makeCertificate({ commonName: 'Test Intermediate', issuer: root });
  const host = makeCertificate({ names, issuer: intermediate });
  return { root, intermediate, host, chain: `${host.certificate}${intermediate.certificate}` };
}

export const fingerprintOf = (certificate: string): string =>
  createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex');

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, ...parts);
const set = (...parts: Buffer[]): Buffer => tagged(0x31, ...parts);
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text));
const octets = (...parts: Buffer[]): Buffer => tagged(0x04, ...parts);
const bits = (bytes: Buffer): Buffer => tagged(0x03, Buffer.from([0]), bytes);
/** GeneralizedTime, which is read for years before 2050 too. */
const time = (date: Date): Buffer =>
  tagged(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, '')));

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    return septets;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function algorithmOf(key: KeyObject): Buffer {
  if (key.asymmetricKeyType === 'ec') return sequence(oid(1, 2, 840, 10045, 4, 3, 2));
  return sequence(oid(1, 2, 840, 113549, 1, 1, 11), tagged(0x05));
}

function extensions(names: readonly string[]): Buffer[] {
  const authority = sequence(oid(2, 5, 29, 19), octets(sequence(tagged(0x01, Buffer.from([0xff])))));
  const alternatives = names.map((name) => tagged(0x82, Buffer.from(name)));
  const list =
    names.length === 0 ? authority : sequence(oid(2, 5, 29, 17), octets(sequence(...alternatives)));
  return [tagged(0xa3, sequence(list))];
}

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`;
