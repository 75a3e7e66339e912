import { join } from 'node:path';
import type { Config } from '../config.js';
import { LogStore } from '../logs/log-store.js';
import type { Clock } from '../shared/clock.js';
import { createLogger, type Logger } from '../shared/logger.js';
import { lockHome } from '../store/home-lock.js';
import { loadKey } from '../store/secret-box.js';
import { Store } from '../store/store.js';
import type { UserRecord } from '../store/users.js';
import { LocalAuthority } from '../tls/authority.js';
import { refuseTakenDoors } from './listen.js';
import { makeHome } from './make-home.js';
import { withdraw } from './run-files.js';

/** What a tfkd works on in its $TFK_HOME, opened; it is nobody else's meanwhile. */
export interface Home {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store;
  readonly logs: LogStore;
  readonly account: UserRecord;
  readonly authority: LocalAuthority;
  /** secret.key */
  readonly key: Buffer;
  /** Where the API answers on this machine. */
  readonly socket: string;
  /** Once nothing is written any more: the next tfkd may have it. */
  close(): Promise<void>;
}

export async function openHome(config: Config, clock: Clock): Promise<Home> {
  const { home } = config;
  const openedAt = clock.now();
  const socket = join(home, 'tfkd.sock');
  await makeHome(config);
  const unlock = lockHome(home);
  await refuseTakenDoors({ port: config.apiPort, socket });
  const logger = createLogger(config.logLevel, 'tfkd');
  const store = Store.open(home);
  const key = loadKey(join(home, 'secret.key'));
  const account = store.account.ensure(config.email, openedAt);
  const logs = new LogStore({
    folder: join(home, 'logs'),
    clock,
    logger,
    budgetBytes: config.logBudgetBytes,
  });
  logs.prune(store.apps.list().map((app) => app.id));
  const authority = await LocalAuthority.open(home, clock);
  const close = async (): Promise<void> => {
    logs.close();
    store.close();
    await withdraw(home);
    unlock();
  };
  return { clock, logger, store, logs, account, authority, key, socket, close };
}
