import type { DomainRecord } from '../store/domains.js';
import type { SniEndpointRecord } from '../store/sni-endpoints.js';
import { endpointOf } from './assignment.js';

export interface Shown {
  readonly endpoint: SniEndpointRecord;
  /** The domains that are shown its certificate. */
  readonly hosts: readonly string[];
}

/** Which of an app's certificates its domains are shown; those without one are not in it. Pure. */
export function certificatesInForce(
  domains: readonly DomainRecord[],
  endpoints: readonly SniEndpointRecord[],
): Shown[] {
  return endpoints.flatMap((endpoint) => {
    const hosts = domains
      .filter((domain) => endpointOf(domain, endpoints) === endpoint)
      .map(({ hostname }) => hostname);
    return hosts.length === 0 ? [] : [{ endpoint, hosts }];
  });
}
