import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext, rootCertificates } from 'node:tls';
import { messageOf } from '../shared/errors.js';
import type { CertificateFacts, KeyedCertificate } from '../store/sni-endpoints.js';
import { certificateBlocks, privateKeyBlock, refused } from './pem.js';

/**
 * Reads a certificate chain and its private key as a user hands them in, and refuses what no client could be served by: the
 * host's certificate comes first, each is signed by the next, the key belongs to the first. Pure but for the list of known
 * authorities. `now` in milliseconds. Throws a TfkError that names the field.
 */
export function readCertificate(
  input: { readonly certificateChain: string; readonly privateKey: string },
  now: number,
): KeyedCertificate {
  const blocks = certificateBlocks(input.certificateChain);
  const chain = blocks.map(parseCertificate);
  const [own] = chain;
  if (!own) throw refused('certificate_chain', 'is empty');
  const keyText = privateKeyBlock(input.privateKey);
  assertOrder(chain);
  assertKey(own, parseKey(keyText));
  const facts = factsOf(own, chain);
  assertFacts(facts, now);
  assertServable(blocks.join(''), keyText);
  return { certificateChain: blocks.join(''), privateKey: keyText, facts };
}

/** Of a certificate that needs no check, since this home's own authority made it. */
export function describeCertificate(certificateChain: string): CertificateFacts {
  const chain = certificateBlocks(certificateChain).map(parseCertificate);
  const [own] = chain;
  if (!own) throw refused('certificate_chain', 'is empty');
  return factsOf(own, chain);
}

function parseCertificate(block: string, index: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch {
    throw refused('certificate_chain', `cannot be read: its certificate ${index + 1} is damaged`);
  }
}

function parseKey(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw refused('private_key', 'cannot be read: it is damaged, or of a kind that TLS does not know');
  }
}

function assertOrder(chain: readonly X509Certificate[]): void {
  chain.slice(1).forEach((issuer, i) => {
    const issued = chain[i];
    if (!issued || isSignedBy(issued, issuer)) return;
    throw refused(
      'certificate_chain',
      `is not in order: its certificate ${i + 2} (${oneLine(issuer.subject)}) did not sign certificate ${i + 1} (${oneLine(issued.subject)})`,
      "Put the host's own certificate first, and behind each the one that signed it.",
    );
  });
}

function assertKey(own: X509Certificate, key: KeyObject): void {
  if (own.checkPrivateKey(key)) return;
  throw refused(
    'private_key',
    `does not belong to the first certificate of certificate_chain (${oneLine(own.subject)})`,
    "Send the key that the certificate was requested with; the host's own certificate stands first in its file.",
  );
}

function assertFacts({ domains, expiresAt }: CertificateFacts, now: number): void {
  if (domains.length === 0)
    throw refused('certificate_chain', 'names no host: it has neither names nor a CN');
  if (expiresAt > now) return;
  throw refused(
    'certificate_chain',
    `expired at ${new Date(expiresAt).toISOString()}`,
    'Get it renewed, and send the new one.',
  );
}

/** What OpenSSL will not serve (a key too short, a weak signature) shows here, not in a visitor's browser. */
function assertServable(cert: string, key: string): void {
  try {
    createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    const reason = /[^:]+$/.exec(messageOf(error))?.[0] ?? 'of an unknown kind';
    throw refused('certificate_chain', `cannot be served: ${reason}`);
  }
}

function factsOf(own: X509Certificate, chain: readonly X509Certificate[]): CertificateFacts {
  return {
    domains: namesOf(own),
    subject: oneLine(own.subject),
    issuer: oneLine(own.issuer),
    startsAt: Date.parse(own.validFrom),
    expiresAt: Date.parse(own.validTo),
    selfSigned: isSignedBy(own, own),
    caSigned: isKnown(chain.at(-1) ?? own),
    fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** RFC 6125 §6.4.4: the CN counts only where there are no alternative names. */
function namesOf(own: X509Certificate): string[] {
  const alternatives = own.subjectAltName?.split(', ') ?? [];
  const names = alternatives.flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4)] : []));
  const common = /^CN=(.+)$/m.exec(own.subject)?.[1];
  const all = names.length > 0 || common === undefined ? names : [common];
  return [...new Set(all.map((name) => name.toLowerCase()))].filter((name) => HOST.test(name));
}

const HOST = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

function isSignedBy(issued: X509Certificate, issuer: X509Certificate): boolean {
  return issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
}

/** Is it, or did it come from, one of the authorities that Node (and so Mozilla) trusts? */
function isKnown(last: X509Certificate): boolean {
  return rootCertificates.some((text) => {
    const root = new X509Certificate(text);
    return (
      root.fingerprint256 === last.fingerprint256 || (last.checkIssued(root) && last.verify(root.publicKey))
    );
  });
}

/** Node writes one attribute a line; Heroku shows them as OpenSSL once did. */
const oneLine = (name: string | undefined): string => `/${(name ?? '').split('\n').join('/')}`;
