import type { RouteApp } from '../router/control/protocol.js';
import type { Clock } from '../shared/clock.js';
import type { Store } from '../store/store.js';
import { routeOf } from './routes.js';

/** The part of the router's control client that the run stage needs. */
export interface RouterPort {
  /** Resolves when every router worker has swapped to the table. */
  publish(apps: readonly RouteApp[]): Promise<unknown>;
  inFlight(instances: readonly string[]): Promise<{
    readonly requests: ReadonlyMap<string, number>;
    readonly upgraded: ReadonlyMap<string, number>;
  }>;
}

/** How long who has changed a route waits for it, in milliseconds. */
const IN_FORCE_MS = 5_000;

/** Tells the router where apps are, and remembers what all its workers have acknowledged. */
export class RoutePublisher {
  private published = '';
  private acknowledged: ReadonlyMap<string, 'serving' | 'draining'> | null = null;

  constructor(
    private readonly store: Store,
    private readonly router: RouterPort,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the routes as the store has them now are in force; does nothing when they are already. */
  async publish(): Promise<void> {
    const apps = this.routes();
    const text = JSON.stringify(apps);
    if (text === this.published) return;
    await this.router.publish(apps);
    this.published = text;
    const backends = apps.flatMap((app) => app.backends);
    this.acknowledged = new Map(
      backends.map((backend) => [backend.id, backend.draining ? 'draining' : 'serving']),
    );
  }

  /** As `publish`, for who only waits for it: a router that is away has the routes when it is back, and keeps nobody. */
  async inForce(): Promise<void> {
    const over = new AbortController();
    const published = this.publish().catch(() => undefined);
    await Promise.race([published, this.clock.sleep(IN_FORCE_MS, over.signal)]);
    over.abort();
  }

  /** The router was started anew or lost its table: the next publish() says everything again. */
  forget(): void {
    this.published = '';
    this.acknowledged = null;
  }

  /** As every worker has it. Before the first acknowledgement anything may be routed. */
  routed(instance: string): 'serving' | 'draining' | 'none' {
    if (!this.acknowledged) return 'serving';
    return this.acknowledged.get(instance) ?? 'none';
  }

  private routes(): RouteApp[] {
    const { apps } = this.store;
    return apps
      .list()
      .filter((app) => app.destroyedAt === null)
      .map((app) => {
        const release = this.store.releases.current(app.id);
        const web = this.store.formation.list(app.id).find((entry) => entry.type === 'web');
        return routeOf({
          id: app.id,
          name: app.name,
          maintenance: app.maintenance,
          hosts: [
            `${app.name}.localhost`,
            ...this.store.domains.list(app.id).map((domain) => domain.hostname),
          ],
          hasCode: release?.slugId != null,
          webQuantity: release?.processTypes['web'] === undefined ? 0 : (web?.quantity ?? 0),
          dynos: this.store.dynos.list(app.id),
        });
      });
  }
}
