import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { AppRecord } from '../store/apps.js';
import type { DomainRecord } from '../store/domains.js';
import type { SniEndpointRecord } from '../store/sni-endpoints.js';
import type { Store } from '../store/store.js';
import { readCertificate } from './certificate.js';
import { covers, inventEndpointName } from './names.js';

export interface SniEndpointsParts {
  readonly store: Store;
  readonly clock: Clock;
  /** The certificates in force are others now. */
  readonly changed: () => void;
}

/** Both PEM. */
export interface CertificateInput {
  readonly certificateChain: string;
  readonly privateKey: string;
}

/** The certificates that users hand in, each for some domains of one app. */
export class SniEndpoints {
  constructor(private readonly parts: SniEndpointsParts) {}

  /** Domains of the app that have no certificate of their own, and that this one names, get it. */
  add(app: AppRecord, input: CertificateInput): SniEndpointRecord {
    const { store, clock, changed } = this.parts;
    const now = clock.now();
    const certificate = readCertificate(input, now);
    const id = newId();
    store.transaction(() => {
      const name = this.freeName();
      store.sniEndpoints.insert({
        id,
        appId: app.id,
        name,
        automatic: false,
        createdAt: now,
        ...certificate,
      });
      for (const domain of store.domains.list(app.id))
        if (domain.sniEndpointId === null && covers(certificate.facts.domains, domain.hostname))
          store.domains.setSniEndpoint(domain.id, id, now);
    });
    changed();
    return this.get(app, id);
  }

  /** Another certificate for the same domains, without a moment in which they have none. */
  update(app: AppRecord, endpoint: SniEndpointRecord, input: CertificateInput): SniEndpointRecord {
    const { store, clock, changed } = this.parts;
    assertHandedIn(app, endpoint);
    const now = clock.now();
    const certificate = readCertificate(input, now);
    store.sniEndpoints.replace(endpoint.id, certificate, now);
    changed();
    return this.get(app, endpoint.id);
  }

  /** Its domains have no certificate of their own from now on. */
  remove(app: AppRecord, endpoint: SniEndpointRecord): void {
    assertHandedIn(app, endpoint);
    this.parts.store.sniEndpoints.delete(endpoint.id);
    this.parts.changed();
  }

  /** Null: the domain has none of its own any more. */
  assign(domain: DomainRecord, endpoint: SniEndpointRecord | null): void {
    const { store, clock, changed } = this.parts;
    // Whoever names the automatic certificate means what a domain without a certificate has.
    const id = endpoint === null || endpoint.automatic ? null : endpoint.id;
    store.domains.setSniEndpoint(domain.id, id, clock.now());
    changed();
  }

  /** Which of the app's certificates a new domain gets when nobody says: the one that names it and lasts longest. */
  matching(appId: string, hostname: string): string | null {
    const candidates = this.parts.store.sniEndpoints
      .list(appId)
      .filter(({ automatic, facts }) => !automatic && covers(facts.domains, hostname))
      .sort((a, b) => b.facts.expiresAt - a.facts.expiresAt);
    return candidates[0]?.id ?? null;
  }

  /** Within a transaction that uses it. */
  freeName(): string {
    for (;;) {
      const name = inventEndpointName();
      if (!this.parts.store.sniEndpoints.byName(name)) return name;
    }
  }

  private get(app: AppRecord, id: string): SniEndpointRecord {
    const endpoint = this.parts.store.sniEndpoints.list(app.id).find((known) => known.id === id);
    if (!endpoint) throw new TfkError('gone', 'The certificate was removed meanwhile.');
    return endpoint;
  }
}

function assertHandedIn(app: AppRecord, { name, automatic }: SniEndpointRecord): void {
  if (!automatic) return;
  throw new TfkError('invalid_params', `${name} is made and renewed by itself. Nothing was changed.`, {
    hint: `To go without: tfk certs:auto:disable -a ${app.name}`,
  });
}
