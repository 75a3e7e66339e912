import { certificateKey, sealPrivateKey } from '../router/control/certificates.js';
import type { CertificateSet, RouterCertificate } from '../router/control/protocol.js';
import type { Clock } from '../shared/clock.js';
import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { SecretBox } from '../shared/secret-box.js';
import type { CertificateFacts } from '../store/sni-endpoints.js';
import type { Store } from '../store/store.js';
import { isDue, type Authority } from './automatic.js';
import { describeCertificate } from './certificate.js';
import { certificatesInForce } from './in-force.js';

export interface PublisherParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authority: Authority;
  /** `secret.key` of this home. */
  readonly homeKey: Buffer;
  /** Resolves when every worker of the router serves by the set. */
  readonly certify: (set: CertificateSet) => Promise<void>;
  /** Renews automatic certificates that come to their end. */
  readonly renew: () => Promise<void>;
}

interface Leaf {
  readonly chain: string;
  readonly key: string;
  readonly facts: CertificateFacts;
}

const EVERY_MS = 6 * 3_600_000;
const RETRY_MS = 10_000;

/**
 * Keeps the router's certificates as the store has them, and those of `<app>.localhost` beside them: browsers take no wildcard
 * right below `localhost`, so each app has one of its own. They are made when they are first needed, and live in memory only.
 */
export class CertificatePublisher {
  private readonly box: SecretBox;
  private readonly leaves = new Map<string, Leaf>();
  private readonly sealed = new Map<string, string>();
  private published = '';
  private wanted = false;
  private working: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly parts: PublisherParts) {
    this.box = new SecretBox(certificateKey(parts.homeKey));
  }

  /** From now on it publishes, and renews. */
  start(): void {
    void this.renewAll();
    this.timer = setInterval(() => void this.renewAll(), EVERY_MS);
    this.timer.unref();
  }

  /** What is under way may wait for a router that is away: it is left to itself, and complains no more. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** Call when apps, domains or certificates have changed. */
  changed(): void {
    if (this.stopped) return;
    this.wanted = true;
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  /** The router was started anew: the next publication says everything again. */
  forget(): void {
    this.published = '';
    this.changed();
  }

  private async renewAll(): Promise<void> {
    await this.parts.renew().catch((error: unknown) => this.complain(error));
    this.changed();
  }

  private async work(): Promise<void> {
    // What changes in one go is published in one.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.wanted && !this.stopped) {
      this.wanted = false;
      try {
        await this.publish();
      } catch (error) {
        this.complain(error);
        setTimeout(() => this.changed(), RETRY_MS).unref();
        return;
      }
    }
  }

  private async publish(): Promise<void> {
    const certificates = [...(await this.localOnes()), ...this.handedIn()];
    const text = JSON.stringify(certificates.map(({ hosts, fingerprint }) => [fingerprint, hosts]));
    const used = new Set(certificates.map(({ fingerprint }) => fingerprint));
    for (const fingerprint of this.sealed.keys()) if (!used.has(fingerprint)) this.sealed.delete(fingerprint);
    if (text === this.published) return;
    await this.parts.certify({ certificates });
    this.published = text;
  }

  private async localOnes(): Promise<RouterCertificate[]> {
    const apps = this.parts.store.apps.list().filter(({ destroyedAt }) => destroyedAt === null);
    const names = ['localhost', ...apps.map(({ name }) => `${name}.localhost`)];
    for (const name of this.leaves.keys()) if (!names.includes(name)) this.leaves.delete(name);
    const certificates: RouterCertificate[] = [];
    for (const name of names) {
      const { chain, key, facts } = await this.leafFor(name);
      certificates.push(this.routed([name], chain, facts.fingerprint, () => key));
    }
    return certificates;
  }

  private async leafFor(name: string): Promise<Leaf> {
    const known = this.leaves.get(name);
    if (known && !isDue(known.facts, this.parts.clock.now())) return known;
    // Whoever names nobody comes by an address.
    const hosts = name === 'localhost' ? [name, '127.0.0.1', '::1'] : [name];
    const { certificateChain, privateKey } = await this.parts.authority.certificateFor(hosts);
    const facts = describeCertificate(certificateChain);
    const leaf = { chain: certificateChain, key: privateKey, facts };
    this.leaves.set(name, leaf);
    return leaf;
  }

  private handedIn(): RouterCertificate[] {
    const { apps, domains, sniEndpoints } = this.parts.store;
    const serving = apps.list().filter(({ destroyedAt }) => destroyedAt === null);
    return serving.flatMap(({ id }) =>
      certificatesInForce(domains.list(id), sniEndpoints.list(id)).map(({ endpoint, hosts }) =>
        this.routed(hosts, endpoint.certificateChain, endpoint.facts.fingerprint, () =>
          sniEndpoints.privateKey(endpoint.id),
        ),
      ),
    );
  }

  /** A key is sealed once, however often its certificate is published. */
  private routed(
    hosts: readonly string[],
    chain: string,
    fingerprint: string,
    key: () => string,
  ): RouterCertificate {
    const sealedKey = this.sealed.get(fingerprint) ?? sealPrivateKey(this.box, fingerprint, key());
    this.sealed.set(fingerprint, sealedKey);
    return { hosts, fingerprint, chain, sealedKey };
  }

  private complain(error: unknown): void {
    if (this.stopped) return;
    this.parts.logger.error({ reason: messageOf(error) }, 'certificates could not be made or published');
  }
}
