import { SecretBox } from '../../shared/secret-box.js';
import type { CertificateSet, RouterCertificate } from './protocol.js';

/** The key that the router opens private keys with. It is made of the home's own, of which it tells nothing. */
export const certificateKey = (homeKey: Buffer): Buffer =>
  SecretBox.keyFor(homeKey, 'tfk router certificates');

const context = (fingerprint: string): string => `router-certificate:${fingerprint}:key`;

export function sealPrivateKey(box: SecretBox, fingerprint: string, pem: string): string {
  return box.seal(pem, context(fingerprint)).toString('base64');
}

/** Throws where it was sealed with another key, or for another certificate. */
export function openPrivateKey(box: SecretBox, { fingerprint, sealedKey }: RouterCertificate): string {
  return box.open(Buffer.from(sealedKey, 'base64'), context(fingerprint));
}

/** Whether something read from a socket or a file is a set of certificates. */
export function isCertificateSet(value: unknown): value is CertificateSet {
  if (typeof value !== 'object' || value === null) return false;
  const { certificates } = value as Record<string, unknown>;
  return Array.isArray(certificates) && certificates.every(isCertificate);
}

function isCertificate(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { hosts, fingerprint, chain, sealedKey } = value as Record<string, unknown>;
  const texts = [
    fingerprint,
    chain,
    sealedKey,
    ...(Array.isArray(hosts) ? (hosts as unknown[]) : [undefined]),
  ];
  return texts.every((text) => typeof text === 'string');
}
