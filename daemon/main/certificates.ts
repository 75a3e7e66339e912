import { X509Certificate } from 'node:crypto';
import { AutomaticCertificates, type Authority } from '../certs/automatic.js';
import { Certificates } from '../certs/certificates.js';
import { CertificatePublisher } from '../certs/publisher.js';
import { SniEndpoints } from '../certs/sni-endpoints.js';
import type { CertificateSet } from '../router/control/protocol.js';
import type { Clock } from '../shared/clock.js';
import { notFound } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { Store } from '../store/store.js';
import type { LocalAuthority } from '../tls/authority.js';
import { localHosts } from '../tls/hosts.js';

export interface CertificateParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authority: Authority;
  readonly homeKey: Buffer;
  readonly certify: (set: CertificateSet) => Promise<void>;
}

/** The certificates of apps, wired. */
export function createCertificates({ store, clock, logger, authority, homeKey, certify }: CertificateParts) {
  const changed = (): void => publisher.changed();
  const endpoints = new SniEndpoints({ store, clock, changed });
  const freeName = (): string => endpoints.freeName();
  const automatic = new AutomaticCertificates({ store, clock, authority, changed, freeName });
  const renew = (): Promise<void> => automatic.settleAll();
  const publisher = new CertificatePublisher({ store, clock, logger, authority, homeKey, certify, renew });
  const certificates = new Certificates(endpoints, automatic, authority, (appId) => {
    const app = store.apps.find(appId);
    if (!app) throw notFound('app', 'The app is gone.');
    return app;
  });
  return {
    certificates,
    publisher,
    matching: (appId: string, hostname: string) => endpoints.matching(appId, hostname),
  };
}

/** This home's authority, as the certificates of apps need it. */
export function authorityOf(local: LocalAuthority): Authority {
  return {
    vouchesFor(host) {
      try {
        return localHosts([host]).length === 1;
      } catch {
        return false;
      }
    },
    signed: (chain) => new X509Certificate(chain).verify(new X509Certificate(local.caPem).publicKey),
    async certificateFor(hosts) {
      const { cert, key } = await local.certificateFor(hosts);
      return { certificateChain: cert, privateKey: key };
    },
  };
}
