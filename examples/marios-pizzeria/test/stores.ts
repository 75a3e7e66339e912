import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { configFrom, type Config } from '../src/config.js';
import { createLog } from '../src/log.js';
import { chooseStore } from '../src/stores/choose.js';
import type { Store } from '../src/stores/store.js';

export const silent = createLog({ logLevel: 'fatal', dyno: 'test', release: 'test' });

export interface TestStore {
  readonly store: Store;
  /** Another process's view of the same store; in memory there is none. */
  readonly another: () => Store;
  readonly config: Config;
  /** Closes it, and removes what it held. */
  remove(): Promise<void>;
}

interface Kind {
  readonly name: string;
  /** For `test(name, options, …)`: why it cannot be run here. */
  readonly options: { readonly skip?: string };
  readonly make: () => Promise<TestStore>;
}

const { DATABASE_URL, MONGODB_URL } = process.env;

/** Each test of these is one of every store that can be had. */
export const KINDS: readonly Kind[] = [
  { name: 'memory', options: {}, make: async () => migrated('memory:', async () => undefined) },
  {
    name: 'postgres',
    options: DATABASE_URL === undefined ? { skip: 'no DATABASE_URL: set it to any PostgreSQL' } : {},
    make: () => ownSchema(DATABASE_URL ?? ''),
  },
  {
    name: 'mongodb',
    options: MONGODB_URL === undefined ? { skip: 'no MONGODB_URL: set it to any MongoDB' } : {},
    make: () => ownDatabase(MONGODB_URL ?? ''),
  },
];

async function migrated(storeUrl: string, removeAll: () => Promise<unknown>): Promise<TestStore> {
  const config = configFrom({ STORE_URL: storeUrl, LOG_LEVEL: 'fatal' });
  const store = chooseStore(config, silent);
  const others: Store[] = [];
  await store.migrate();
  return {
    store,
    config,
    another: () => {
      if (store.kind === 'memory') return store;
      const other = chooseStore(config, silent);
      others.push(other);
      return other;
    },
    remove: async () => {
      for (const open of [store, ...others]) await open.close();
      await removeAll();
    },
  };
}

/** A schema of its own, so that no test meets another one's orders, nor anybody's real ones. */
async function ownSchema(url: string): Promise<TestStore> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const administer = async (sql: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await administer(`CREATE SCHEMA ${schema}`);
  const own = new URL(url);
  own.searchParams.set('options', `-c search_path=${schema}`);
  return migrated(own.href, () => administer(`DROP SCHEMA ${schema} CASCADE`));
}

async function ownDatabase(url: string): Promise<TestStore> {
  const own = new URL(url);
  own.pathname = `/test_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  return migrated(own.href, async () => {
    const client = new MongoClient(own.href);
    await client
      .db()
      .dropDatabase()
      .finally(() => client.close());
  });
}
