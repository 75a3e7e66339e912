import type { Connection } from './database.js';

/** Kinds of resources whose changes can be watched; each in the spelling of Heroku's webhooks. */
export type ResourceKind =
  | 'addon'
  | 'addon-attachment'
  | 'app'
  | 'build'
  | 'collaborator'
  | 'domain'
  | 'dyno'
  | 'formation'
  | 'release'
  | 'sni-endpoint';

/** One resource of an app. The id of a formation is its process type. */
export interface ResourceRef {
  readonly kind: ResourceKind;
  readonly appId: string;
  readonly id: string;
}

/** Is told what becomes of resources, within the transaction that changes them: what it writes is there with the change, or neither. */
export interface Observer<View = unknown> {
  /** Does anybody care for this app? If not, nothing more is asked. */
  watches(appId: string): boolean;
  /** The resource as it is now; null where there is none. */
  view(ref: ResourceRef): View | null;
  /** At the end of the transaction, once for each resource that it wrote to. Null before: it is new; null after: it is gone. */
  changed(ref: ResourceRef, before: View | null, after: View | null): void;
}

interface Touched {
  readonly ref: ResourceRef;
  readonly before: unknown;
}

/**
 * Between the store's nouns and whoever watches them. A noun wraps each write to a resource in `write`; what a transaction does to
 * one resource in several steps is one change of it.
 */
export class Changes {
  private observer: Observer | null = null;
  /** Of the outermost transaction; null outside of one. */
  private touched: Map<string, Touched> | null = null;

  constructor(private readonly db: Connection) {}

  observe(observer: Observer): void {
    this.observer = observer;
  }

  /** All or nothing; a transaction within another one is a part of it. */
  transaction<T>(work: () => T): T {
    if (this.touched !== null) return this.db.transaction(work).immediate();
    const touched = (this.touched = new Map<string, Touched>());
    const whole = (): T => {
      const result = work();
      for (const { ref, before } of touched.values())
        this.observer?.changed(ref, before, this.observer.view(ref));
      return result;
    };
    try {
      return this.db.transaction(whole).immediate();
    } finally {
      this.touched = null;
    }
  }

  /** A write to one resource. Where only its id is known, `appId` looks up whose it is; undefined: nobody's. */
  write<T>(kind: ResourceKind, id: string, appId: string | (() => string | undefined), work: () => T): T {
    const { observer } = this;
    if (!observer) return work();
    const owner = typeof appId === 'string' ? appId : appId();
    if (owner === undefined || !observer.watches(owner)) return work();
    const ref = { kind, id, appId: owner };
    return this.transaction(() => {
      const key = `${kind}:${owner}:${id}`;
      if (this.touched?.has(key) === false) this.touched.set(key, { ref, before: observer.view(ref) });
      return work();
    });
  }
}
