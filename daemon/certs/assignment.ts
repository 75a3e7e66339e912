import type { DomainRecord } from '../store/domains.js';
import type { SniEndpointRecord } from '../store/sni-endpoints.js';

/** Whose certificate a domain of an app is served with: its own, else the app's automatic one. Pure. */
export function endpointOf(
  { hostname, sniEndpointId }: Pick<DomainRecord, 'hostname' | 'sniEndpointId'>,
  endpoints: readonly SniEndpointRecord[],
): SniEndpointRecord | null {
  const found = endpoints.find(({ id, automatic, facts }) =>
    // An automatic certificate is made for certain names; a domain that is newer waits for the next one.
    sniEndpointId === null ? automatic && facts.domains.includes(hostname) : id === sniEndpointId,
  );
  return found ?? null;
}
