import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { SecretBox } from '../../shared/secret-box.js';
import { openPrivateKey } from '../control/certificates.js';
import type { CertificateSet, RouterCertificate } from '../control/protocol.js';
import { HostMap } from './host.js';

/** The name whose certificate is shown for every name that has none: its warning says what is wrong, a cut says nothing. */
const FALLBACK = 'localhost';

/** TLS 1.0 and 1.1 are dead (RFC 8996). */
export const TLS_VERSIONS = { minVersion: 'TLSv1.2' } as const;

interface Opened {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
}

/**
 * The certificates this worker serves by. A swap is one synchronous step and touches no connection that is open. A key is
 * opened when the first client asks for its name, and what was opened stays over swaps that do not change it.
 */
export class LiveCertificates {
  private hosts = new HostMap<RouterCertificate>();
  /** By fingerprint; null: it cannot be used. */
  private opened = new Map<string, Opened | null>();
  private readonly box: SecretBox | null;

  /** `key`: see `certificateKey`, base64. */
  constructor(
    key: string | null,
    private readonly logger: Logger,
  ) {
    this.box = key === null ? null : new SecretBox(Buffer.from(key, 'base64'));
  }

  swap({ certificates }: CertificateSet): void {
    const hosts = new HostMap<RouterCertificate>();
    for (const certificate of certificates)
      for (const host of certificate.hosts) hosts.add(host, certificate);
    const staying = new Set(certificates.map(({ fingerprint }) => fingerprint));
    this.opened = new Map([...this.opened].filter(([fingerprint]) => staying.has(fingerprint)));
    this.hosts = hosts;
  }

  /** Undefined: no client can be served, not even by the certificate for other names. */
  contextFor(name: string): SecureContext | undefined {
    const own = this.hosts.find(name.toLowerCase().replace(/\.$/, ''));
    return (own && this.open(own)?.context) ?? this.fallback();
  }

  /** For clients that name nobody. */
  get forNobody(): SecureContextOptions {
    const certificate = this.hosts.find(FALLBACK);
    return { ...TLS_VERSIONS, ...(certificate && this.open(certificate)?.options) };
  }

  private fallback(): SecureContext | undefined {
    const certificate = this.hosts.find(FALLBACK);
    return certificate && this.open(certificate)?.context;
  }

  private open(certificate: RouterCertificate): Opened | null {
    const known = this.opened.get(certificate.fingerprint);
    if (known !== undefined) return known;
    const opened = this.unseal(certificate);
    this.opened.set(certificate.fingerprint, opened);
    return opened;
  }

  /** Null where no context can be made of it. A damaged one must not take the others' names down with it. */
  private unseal(certificate: RouterCertificate): Opened | null {
    const { hosts, chain } = certificate;
    try {
      if (!this.box) throw new Error('this home has no key');
      const options = { cert: chain, key: openPrivateKey(this.box, certificate), ...TLS_VERSIONS };
      return { options, context: createSecureContext(options) };
    } catch (error) {
      const reason = messageOf(error);
      this.logger.error({ hosts, reason }, 'a certificate cannot be used; the one for localhost is shown');
      return null;
    }
  }
}
