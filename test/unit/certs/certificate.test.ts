import { generateKeyPairSync } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { describeCertificate, readCertificate } from '../../../daemon/certs/certificate.js';
import { TfkError } from '../../../daemon/shared/errors.js';
import { fingerprintOf, makeCertificate, makeChain } from '../../support/certificates.js';

const NOW = Date.now();
const YESTERDAY = new Date(NOW - 86_400_000);

const read = (certificateChain: string, privateKey: string) =>
  readCertificate({ certificateChain, privateKey }, NOW);

function refusalOf(certificateChain: string, privateKey: string): string {
  try {
    read(certificateChain, privateKey);
  } catch (error) {
    if (error instanceof TfkError && error.id === 'invalid_params') return error.message;
    throw error;
  }
  return 'it was taken';
}

describe('a certificate', () => {
  test('tells its names, times and issuer', () => {
    const { host, chain } = makeChain(['www.example.com', '*.Example.com']);
    const { certificateChain, facts } = read(`some text\n${chain}`, host.key);
    expect(certificateChain).toBe(chain);
    expect(facts).toMatchObject({
      domains: ['www.example.com', '*.example.com'],
      subject: '/CN=www.example.com',
      issuer: '/CN=Test Intermediate',
      selfSigned: false,
      caSigned: false,
      fingerprint: fingerprintOf(host.certificate),
    });
    expect(facts.startsAt).toBeLessThan(NOW);
    expect(facts.expiresAt).toBeGreaterThan(NOW);
  });

  test('may be self-signed, have Windows line ends, and name its host in the CN alone', () => {
    const own = makeCertificate({ commonName: 'intranet.example.com' });
    const { facts } = read(own.certificate.replaceAll('\n', '\r\n'), own.key.replaceAll('\n', '\r\n'));
    expect(facts).toMatchObject({ domains: ['intranet.example.com'], selfSigned: true, caSigned: false });
  });

  test('is known where its chain ends at an authority that browsers know', () => {
    expect(describeCertificate(rootCertificates[0] ?? '').caSigned).toBe(true);
  });

  test('may have an RSA key, between other blocks of its file', () => {
    const own = makeCertificate({ names: ['a.example.com'], rsaBits: 2048 });
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    expect(read(own.certificate, `${parameters}${own.key}`).privateKey).toBe(own.key);
  });
});

describe('a certificate is refused', () => {
  const { host, intermediate, root } = makeChain(['www.example.com']);
  const other = makeCertificate({ names: ['www.example.com'] });
  const expired = makeCertificate({ names: ['www.example.com'], from: new Date(0), to: YESTERDAY });
  const encrypted = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey;
  const short = makeCertificate({ names: ['www.example.com'], rsaBits: 512 });
  const nameless = makeCertificate({ commonName: 'Example Incorporated' });
  const damaged = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  test.each([
    ['that is no PEM', 'MIIB', host.key, 'certificate_chain is not a certificate in PEM'],
    ['that is empty', '', host.key, 'certificate_chain is not a certificate in PEM'],
    ['that is a key', host.key, host.key, 'certificate_chain holds a private key and no certificate'],
    ['that is damaged', damaged, host.key, 'certificate_chain cannot be read: its certificate 1 is damaged'],
    ['that is too large', 'x'.repeat(200_000), host.key, 'certificate_chain has more than 100 KB'],
    [
      'with too many others',
      host.certificate.repeat(21),
      host.key,
      'certificate_chain has 21 certificates; 20 are taken',
    ],
    [
      'in the wrong order',
      `${host.certificate}${root.certificate}${intermediate.certificate}`,
      host.key,
      'certificate_chain is not in order: its certificate 2 (/CN=Test Root) did not sign certificate 1',
    ],
    ['that has expired', expired.certificate, expired.key, 'certificate_chain expired at '],
    ['that names no host', nameless.certificate, nameless.key, 'certificate_chain names no host'],
    ['whose key is too short', short.certificate, short.key, 'certificate_chain cannot be served: '],
    ['with a key that is no PEM', host.certificate, 'secret', 'private_key is not a private key in PEM'],
    ['with a certificate for a key', host.certificate, host.certificate, 'private_key holds no private key'],
    ['with two keys', host.certificate, `${host.key}${other.key}`, 'private_key holds 2 private keys'],
    ['with an encrypted key', host.certificate, encrypted, 'private_key is encrypted with a passphrase'],
    [
      "with another's key",
      host.certificate,
      other.key,
      'private_key does not belong to the first certificate',
    ],
    [
      'with a damaged key',
      host.certificate,
      '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n',
      'private_key cannot be read',
    ],
  ])('%s', (_, chain, key, message) => {
    expect(refusalOf(chain, key)).toContain(message);
  });

  test('without a byte of the key in the message', () => {
    const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=';
    const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`;
    expect(refusalOf(host.certificate, key)).not.toContain(secret);
    expect(refusalOf(host.certificate, secret)).not.toContain(secret);
  });

  test('at once, however it is made', () => {
    const begun = performance.now();
    expect(refusalOf('-----BEGIN CERTIFICATE-----\n'.repeat(3_500), host.key)).toContain('not a certificate');
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
