import type { Connection } from '../../daemon/store/database.js';
import type { Store } from '../../daemon/store/store.js';

/**
 * Kills a tfkd in the test's own process before its n-th effect: what it would write to the store, or have something else do, is
 * not done, and nothing of what it would do later. So runs over all n meet every point at which a process can end.
 */
export class KillSwitch {
  readonly effects: string[] = [];
  killed = false;

  /** `after`: effects that are still done. */
  constructor(private readonly after = Infinity) {}

  /** To be called before each effect. Throws for a dead tfkd. */
  readonly effect = (what: string): void => {
    if (this.effects.length >= this.after) this.killed = true;
    if (this.killed) throw new Error(`tfkd was killed before: ${what}`);
    this.effects.push(what);
  };

  /** Its outermost transactions, and what it writes outside of one, are effects from now on. */
  watchStore(store: Store): Store {
    const db = Reflect.get(store, 'db') as Connection;
    const { effect } = this;
    const prepare = db.prepare.bind(db) as (sql: string) => ReturnType<Connection['prepare']>;
    const transaction = db.transaction.bind(db);
    const watched = {
      prepare: (sql: string) => {
        const statement = prepare(sql);
        const run = statement.run.bind(statement) as (...values: unknown[]) => unknown;
        return Object.assign(statement, {
          run: (...values: unknown[]) => {
            if (!db.inTransaction) effect(sql.slice(0, 40));
            return run(...values);
          },
        });
      },
      transaction: (work: () => unknown) => ({
        immediate: () => {
          if (!db.inTransaction) effect('a transaction');
          return transaction(work).immediate();
        },
      }),
    };
    Object.assign(db, watched);
    return store;
  }

  /** Calls of these methods are effects from now on. */
  watch<T extends object>(target: T, methods: readonly (keyof T)[]): T {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function') return value;
        const bound = value.bind(object) as (...values: unknown[]) => unknown;
        if (!methods.includes(name as keyof T)) return bound;
        return async (...values: unknown[]) => {
          this.effect(String(name));
          return bound(...values);
        };
      },
    });
  }
}
