import type { RouteTable } from '../control/protocol.js';
import type { RouterLimits } from '../limits.js';
import type { LiveBackend } from './backend.js';
import { HostMap } from './host.js';
import { LiveApp } from './live-app.js';

/** The table this worker routes by. A swap is one synchronous step: a request sees the old table or the new, whole. */
export class LiveTable {
  private current = 0;
  private apps = new Map<string, LiveApp>();
  private hosts = new HostMap<LiveApp>();
  /** Backends that left the table with requests under way. */
  private readonly leaving = new Set<LiveBackend>();

  constructor(private readonly limits: RouterLimits) {}

  get version(): number {
    return this.current;
  }

  find(host: string): LiveApp | undefined {
    return this.hosts.find(host);
  }

  swap(table: RouteTable, now: number): void {
    const before = [...this.backends()];
    const apps = new Map<string, LiveApp>();
    const hosts = new HostMap<LiveApp>();
    const gone = new Map(this.apps);
    for (const wanted of table.apps) {
      const app = gone.get(wanted.id) ?? new LiveApp(wanted, this.limits);
      if (gone.delete(wanted.id)) app.update(wanted);
      apps.set(wanted.id, app);
      for (const host of wanted.hosts) hosts.add(host, app);
    }
    this.apps = apps;
    this.hosts = hosts;
    this.current = table.version;
    for (const app of gone.values()) app.remove();
    this.rememberLeaving(before);
    for (const app of [...gone.values(), ...apps.values()]) app.settle(now);
  }

  /** Lets the waiting requests look again, and forgets what has left for good. */
  check(now: number): void {
    for (const app of this.apps.values()) if (app.waitingCount > 0) app.settle(now);
    for (const backend of this.leaving) if (isEmpty(backend)) this.leaving.delete(backend);
  }

  /** Requests under way by the dyno's instance id. */
  inFlight(ids: readonly string[]): { requests: Record<string, number>; upgraded: Record<string, number> } {
    const requests = Object.fromEntries(ids.map((id) => [id, 0]));
    const upgraded = Object.fromEntries(ids.map((id) => [id, 0]));
    for (const backend of [...this.backends(), ...this.leaving]) {
      const known = requests[backend.id];
      if (known === undefined) continue;
      requests[backend.id] = known + backend.running.size;
      upgraded[backend.id] = (upgraded[backend.id] ?? 0) + backend.upgraded.size;
    }
    return { requests, upgraded };
  }

  private *backends(): Iterable<LiveBackend> {
    for (const app of this.apps.values()) yield* app.allBackends();
  }

  private rememberLeaving(before: readonly LiveBackend[]): void {
    const staying = new Set(this.backends());
    for (const backend of before) if (!staying.has(backend) && !isEmpty(backend)) this.leaving.add(backend);
  }
}

function isEmpty(backend: LiveBackend): boolean {
  return backend.running.size === 0 && backend.upgraded.size === 0;
}
