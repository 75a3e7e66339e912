import type { Clock } from '../shared/clock.js';
import { newId } from '../shared/ids.js';
import { SerialQueue } from '../shared/serial-queue.js';
import type { CertificateFacts, SniEndpointRecord } from '../store/sni-endpoints.js';
import type { Store } from '../store/store.js';
import { describeCertificate } from './certificate.js';

/** Signs certificates for host names. This home's own authority is one. */
export interface Authority {
  /** Does it sign for this name at all? */
  vouchesFor(host: string): boolean;
  /** Is this its own certificate, and not one of an authority that was here before? */
  signed(certificateChain: string): boolean;
  /** Both PEM; the host's certificate first. */
  certificateFor(
    hosts: readonly string[],
  ): Promise<{ readonly certificateChain: string; readonly privateKey: string }>;
}

export interface AutomaticParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly authority: Authority;
  /** A name for a certificate that no other has. */
  readonly freeName: () => string;
  /** The certificates in force are others now. */
  readonly changed: () => void;
}

/**
 * Certificates that are made and renewed by themselves: one for each app that asks, for those of its domains that have none
 * handed in. No public authority signs for a machine it cannot reach, so this home's own one does, for the names that it may.
 */
export class AutomaticCertificates {
  private readonly queue = new SerialQueue();

  constructor(private readonly parts: AutomaticParts) {}

  /** Resolves when the app's domains have their certificate. */
  async enable(appId: string): Promise<void> {
    this.parts.store.apps.setAcm(appId, true, this.parts.clock.now());
    await this.settle(appId);
  }

  async disable(appId: string): Promise<void> {
    this.parts.store.apps.setAcm(appId, false, this.parts.clock.now());
    await this.settle(appId);
  }

  /** Makes a new certificate now, whatever the one before is worth. */
  async refresh(appId: string): Promise<void> {
    await this.queue.run(appId, () => this.bring(appId, true));
  }

  /** Call when an app's domains have changed: makes, replaces or removes its certificate, or finds that nothing is to do. */
  async settle(appId: string): Promise<void> {
    await this.queue.run(appId, () => this.bring(appId, false));
  }

  /** Call now and then: renews what comes to its end. */
  async settleAll(): Promise<void> {
    for (const { id } of this.parts.store.apps.list()) await this.settle(id);
  }

  private async bring(appId: string, anew: boolean): Promise<void> {
    const { store, authority, changed } = this.parts;
    const existing = store.sniEndpoints.list(appId).find(({ automatic }) => automatic);
    const hosts = this.hostsOf(appId);
    if (hosts.length === 0) {
      if (!existing) return;
      store.sniEndpoints.delete(existing.id);
      changed();
      return;
    }
    if (existing && !anew && this.serves(existing, hosts)) return;
    const issued = await authority.certificateFor(hosts);
    const facts = describeCertificate(issued.certificateChain);
    this.keep(appId, existing, { ...issued, facts });
    changed();
  }

  /** What was switched off, or destroyed, while the certificate was made, does not come back by it. */
  private keep(
    appId: string,
    existing: SniEndpointRecord | undefined,
    certificate: { certificateChain: string; privateKey: string; facts: CertificateFacts },
  ): void {
    const { store, clock, freeName } = this.parts;
    store.transaction(() => {
      if (this.hostsOf(appId).length === 0) return;
      if (existing) {
        store.sniEndpoints.replace(existing.id, certificate, clock.now());
        return;
      }
      const endpoint = { id: newId(), appId, name: freeName(), automatic: true, createdAt: clock.now() };
      store.sniEndpoints.insert({ ...endpoint, ...certificate });
    });
  }

  /** Domains that are to have an automatic certificate; none where it is switched off. */
  private hostsOf(appId: string): string[] {
    const { store } = this.parts;
    const app = store.apps.find(appId);
    if (!app?.acm || app.destroyedAt !== null) return [];
    const domains = store.domains.list(appId).filter(({ sniEndpointId }) => sniEndpointId === null);
    return domains.map(({ hostname }) => hostname).filter((host) => this.parts.authority.vouchesFor(host));
  }

  private serves({ facts, certificateChain }: SniEndpointRecord, hosts: readonly string[]): boolean {
    const same = facts.domains.length === hosts.length && hosts.every((host) => facts.domains.includes(host));
    const { authority, clock } = this.parts;
    return same && !isDue(facts, clock.now()) && authority.signed(certificateChain);
  }
}

/** In the last third of its life a certificate is renewed. */
export function isDue(
  { startsAt, expiresAt }: Pick<CertificateFacts, 'startsAt' | 'expiresAt'>,
  now: number,
): boolean {
  return now > expiresAt - (expiresAt - startsAt) / 3;
}
