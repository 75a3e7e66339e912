import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import { MemoryStore } from './memory.js';
import { MongoStore } from './mongodb.js';
import { PostgresStore } from './postgres.js';
import type { Store } from './store.js';

/** The store is an attached resource: all that is known of it is a URL. It need not be there when the process starts. */
export function chooseStore(config: Config, log: Logger): Store {
  const { protocol } = new URL(config.storeUrl);
  if (protocol === 'memory:') return new MemoryStore();
  return protocol.startsWith('mongodb') ? new MongoStore(config) : new PostgresStore(config, log);
}
