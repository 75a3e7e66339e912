import { AutomaticCertificates, type Authority } from '../certs/automatic.js';
import { Certificates } from '../certs/certificates.js';
import { SniEndpoints } from '../certs/sni-endpoints.js';
import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import type { Store } from '../store/store.js';

export interface CertificateParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly authority: Authority;
  readonly changed: () => void;
}

/** Until this home has an authority of its own. */
export const noAuthority: Authority = {
  certificateFor: async () => {
    throw new TfkError('not_implemented', 'There is no authority here that could sign certificates.', {
      hint: 'Hand in certificates of your own: tfk certs:add CRT KEY',
    });
  },
};

/** The certificates of apps, wired. */
export function createCertificates({ store, clock, authority, changed }: CertificateParts) {
  const endpoints = new SniEndpoints({ store, clock, changed });
  const automatic = new AutomaticCertificates({
    store,
    clock,
    authority,
    changed,
    freeName: () => endpoints.freeName(),
  });
  const certificates = new Certificates(endpoints, automatic, (appId) => {
    const app = store.apps.find(appId);
    if (!app) throw notFound('app', 'The app is gone.');
    return app;
  });
  return { certificates, matching: (appId: string, hostname: string) => endpoints.matching(appId, hostname) };
}
