import type { Clock } from '../shared/clock.js';

/** Longer than a release waits for another one. */
const FOR_MS = 2 * 60_000;

/** Apps that an add-on let in for a release yet to be made: until it is, nothing else tells that they need the add-on. */
export class Expected {
  private readonly until = new Map<string, Map<string, number>>();

  constructor(private readonly clock: Clock) {}

  add(addonId: string, appId: string): void {
    const apps = this.until.get(addonId) ?? new Map<string, number>();
    this.until.set(addonId, apps.set(appId, this.clock.now() + FOR_MS));
  }

  forget(addonId: string, appId: string): void {
    this.until.get(addonId)?.delete(appId);
  }

  /** Their ids. */
  of(addonId: string): string[] {
    const apps = this.until.get(addonId);
    if (!apps) return [];
    for (const [appId, until] of apps) if (until <= this.clock.now()) apps.delete(appId);
    if (apps.size === 0) this.until.delete(addonId);
    return [...apps.keys()];
  }
}
