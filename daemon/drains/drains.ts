import type { SecureContext } from 'node:tls';
import type { LogStore } from '../logs/log-store.js';
import { platformLine } from '../logs/platform.js';
import type { Clock } from '../shared/clock.js';
import { messageOf, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import type { LogDrainRecord } from '../store/log-drains.js';
import type { Store } from '../store/store.js';
import { addressKey, isNamedBy, originOf, parseDrainUrl } from './address.js';
import { cursorAt, cursorSource, writeCursor } from './cursor.js';
import { DrainHealth } from './health.js';
import { HttpTransport } from './http-transport.js';
import { Pump } from './pump.js';
import { SyslogTransport } from './syslog-transport.js';
import { TRANSPORT_LIMITS, type TransportLimits } from './transport.js';

/** Each is a reader and a connection of its own. */
const DRAINS_PER_APP = 10;

export interface DrainsOptions {
  readonly store: Pick<Store, 'apps' | 'logDrains' | 'transaction'>;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly userAgent: string;
  readonly trust: () => SecureContext;
  readonly limits?: TransportLimits;
}

/** A drain, and how it fares. */
export interface DrainProgress {
  readonly drain: LogDrainRecord;
  readonly health: Pick<DrainHealth, 'lastDeliveredAt' | 'failure'>;
  /** Lines that are still to be sent. */
  readonly pending: number;
  /** Lines since the drain was made. */
  readonly delivered: number;
  readonly dropped: number;
}

interface Running {
  readonly drain: LogDrainRecord;
  readonly health: DrainHealth;
  readonly pump: Pump;
}

/** The log drains of all apps: makes and removes them, and keeps each one's pump running. */
export class Drains {
  private readonly running = new Map<string, Running>();

  constructor(private readonly options: DrainsOptions) {}

  /** Takes up all drains where an earlier tfkd left them. */
  start(): void {
    const { store } = this.options;
    for (const app of store.apps.list()) {
      if (app.destroyedAt !== null) continue;
      for (const drain of store.logDrains.list(app.id)) this.takeUp(drain);
    }
  }

  list(appId: string): LogDrainRecord[] {
    return this.options.store.logDrains.list(appId);
  }

  /** By id, token or URL. */
  find(appId: string, given: string): LogDrainRecord | undefined {
    return this.list(appId).find((drain) => isNamedBy(drain, given));
  }

  /** From now on the app's lines go there too; those before now do not. */
  add(appId: string, url: string): LogDrainRecord {
    const { store, clock } = this.options;
    const key = addressKey(parseDrainUrl(url));
    const now = clock.now();
    const drain = { id: newId(), appId, token: `d.${newId()}`, url, createdAt: now, updatedAt: now };
    store.transaction(() => {
      this.assertRoom(appId, key);
      // The cursor first: a drain without one would send the whole history.
      this.placeAtNow(drain);
      store.logDrains.insert(drain);
    });
    this.run(drain);
    return drain;
  }

  /** Nothing is sent to it after this. */
  async remove(drain: LogDrainRecord): Promise<void> {
    const { store, logs } = this.options;
    store.logDrains.delete(drain.id);
    await this.end([drain.id]);
    logs.forget(drain.appId, cursorSource(drain.id));
  }

  /** The app is being destroyed: its drains stop now, their rows go with it. */
  async stopApp(appId: string): Promise<void> {
    await this.end([...this.running.values()].filter(({ drain }) => drain.appId === appId).map(idOf));
  }

  progress(appId: string): DrainProgress[] {
    return [...this.running.values()]
      .filter(({ drain }) => drain.appId === appId)
      .map(({ drain, health, pump }) => {
        const { delivered, dropped } = pump.totals;
        return { drain, health, pending: pump.pending, delivered, dropped };
      });
  }

  async stop(): Promise<void> {
    await this.end([...this.running.keys()]);
  }

  private async end(drainIds: readonly string[]): Promise<void> {
    const ending = drainIds.flatMap((id) => this.running.get(id) ?? []);
    for (const id of drainIds) this.running.delete(id);
    await Promise.all(ending.map(({ pump }) => pump.stop()));
  }

  /** A drain that this version cannot run must not keep tfkd from starting. */
  private takeUp(drain: LogDrainRecord): void {
    try {
      this.run(drain);
    } catch (error) {
      const { logger } = this.options;
      logger.error({ app: drain.appId, drain: drain.id, reason: messageOf(error) }, 'a drain does not run');
    }
  }

  private run(drain: LogDrainRecord): void {
    const { logs, clock, logger, userAgent, trust, limits = TRANSPORT_LIMITS } = this.options;
    const { id, appId, token, url } = drain;
    const address = parseDrainUrl(url);
    const tell = (text: string): void => logs.append(appId, [platformLine('logplex', text)]);
    const health = new DrainHealth({ token, origin: originOf(address) }, tell);
    const Transport = address.scheme.startsWith('http') ? HttpTransport : SyslogTransport;
    const now = (): number => clock.now();
    const transport = new Transport({ address, token, userAgent, trust, limits, now });
    const chance = (): number => Math.random();
    const pump = new Pump({ drain: { id, appId, token }, logs, transport, health, clock, logger, chance });
    this.running.set(id, { drain, health, pump });
    pump.start();
  }

  private placeAtNow({ id, appId }: LogDrainRecord): void {
    const { logs, clock } = this.options;
    const cursor = cursorAt(logs.newest(appId), clock.now() * 1000);
    logs.append(appId, [], { source: cursorSource(id), value: writeCursor(cursor) });
  }

  private assertRoom(appId: string, key: string): void {
    const known = this.list(appId);
    if (known.some(({ url }) => addressKey(parseDrainUrl(url)) === key)) {
      throw new TfkError('invalid_params', 'The url is a drain of this app already. Nothing was changed.', {
        hint: 'List them: tfk drains',
      });
    }
    if (known.length >= DRAINS_PER_APP) {
      throw new TfkError(
        'invalid_params',
        `The app has ${DRAINS_PER_APP} log drains, which is the limit. Nothing was changed.`,
        { hint: 'Remove one that is no longer needed: tfk drains:remove' },
      );
    }
  }
}

const idOf = ({ drain }: Running): string => drain.id;
