import type { AppRecord } from '../store/apps.js';
import type { DomainRecord } from '../store/domains.js';
import type { SniEndpointRecord } from '../store/sni-endpoints.js';
import type { Authority, AutomaticCertificates } from './automatic.js';
import type { CertificateInput, SniEndpoints } from './sni-endpoints.js';

/** All that is done with an app's certificates: those handed in, and behind each change the automatic one. */
export class Certificates {
  constructor(
    private readonly endpoints: SniEndpoints,
    private readonly automatic: AutomaticCertificates,
    private readonly authority: Pick<Authority, 'vouchesFor'>,
    private readonly appOf: (appId: string) => AppRecord,
  ) {}

  async add(app: AppRecord, input: CertificateInput): Promise<SniEndpointRecord> {
    const endpoint = this.endpoints.add(app, input);
    await this.automatic.settle(app.id);
    return endpoint;
  }

  /** Another certificate for the same domains. */
  async update(
    app: AppRecord,
    endpoint: SniEndpointRecord,
    input: CertificateInput,
  ): Promise<SniEndpointRecord> {
    return this.endpoints.update(app, endpoint, input);
  }

  async remove(app: AppRecord, endpoint: SniEndpointRecord): Promise<void> {
    this.endpoints.remove(app, endpoint);
    await this.automatic.settle(app.id);
  }

  /** Null: the domain has no certificate of its own any more. */
  async assign(domain: DomainRecord, endpoint: SniEndpointRecord | null): Promise<void> {
    this.endpoints.assign(domain, endpoint);
    await this.automatic.settle(domain.appId);
  }

  /** Resolves when the app's domains have their automatic certificate, or have it no more. */
  async setAutomatic(app: AppRecord, wanted: boolean): Promise<AppRecord> {
    await (wanted ? this.automatic.enable(app.id) : this.automatic.disable(app.id));
    return this.appOf(app.id);
  }

  /** Makes the automatic certificate anew. */
  async renew(app: AppRecord): Promise<AppRecord> {
    await this.automatic.refresh(app.id);
    return this.appOf(app.id);
  }

  /** Can there be an automatic certificate for this name? */
  canBeAutomatic(hostname: string): boolean {
    return this.authority.vouchesFor(hostname);
  }

  /** Call when domains were added or removed. */
  async domainsChanged(app: AppRecord): Promise<void> {
    await this.automatic.settle(app.id);
  }
}
