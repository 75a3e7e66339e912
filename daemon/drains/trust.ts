import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Where Debian, Red Hat, Alpine and SUSE keep what the machine trusts. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
  '/etc/ssl/ca-bundle.pem',
];

/**
 * Whom receivers' certificates may come from: Node's own list, what the machine trusts, and what `NODE_EXTRA_CA_CERTS` and
 * `SSL_CERT_FILE` name. Made when the first TLS drain connects, once for all of them: it takes some 10 ms.
 */
export function trustOf(env: Readonly<Record<string, string>>): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    context ??= createSecureContext({ ca: [...rootCertificates, ...bundles(env)] });
    return context;
  };
}

function bundles(env: Readonly<Record<string, string>>): string[] {
  const system = env['SSL_CERT_FILE'] === undefined ? SYSTEM_BUNDLES : [env['SSL_CERT_FILE']];
  const extra = env['NODE_EXTRA_CA_CERTS'] === undefined ? [] : [env['NODE_EXTRA_CA_CERTS']];
  return [...system, ...extra].flatMap((path) => contentOf(path) ?? []);
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
