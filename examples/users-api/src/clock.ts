import pg from 'pg';
import { configOrExit } from './config.js';
import { connect } from './database.js';
import { createLog } from './log.js';
import { deleteOldMessages } from './outbox.js';
import { pause, stopSignal } from './stopping.js';

/** Any number, as long as nothing else in this database uses it. */
const CLOCK_LOCK = 7_202_601;

const stop = stopSignal();
const config = configOrExit();
const log = createLog(config);
const database = connect(config, log);

log.info('clock started');
while (!stop.aborted) {
  await tickWhileLeading().catch((error: Error) =>
    log.warn({ error: error.message }, 'clock lost the database; trying again'),
  );
  await pause(config.clockIntervalMs, stop);
}
await database.end();
log.info('clock stopped');

/**
 * One clock ticks, however many run: the one whose connection holds the lock. When it dies the server frees the lock, and a
 * clock that stood by takes over.
 */
async function tickWhileLeading(): Promise<void> {
  const connection = new pg.Client({
    connectionString: config.databaseUrl,
    connectionTimeoutMillis: config.databaseTimeoutMs,
    query_timeout: config.databaseTimeoutMs,
    application_name: config.dyno,
  });
  connection.on('error', () => undefined);
  try {
    await connection.connect();
    const { rows } = await connection.query<{ leading: boolean }>(
      'SELECT pg_try_advisory_lock($1) AS leading',
      [CLOCK_LOCK],
    );
    if (!rows[0]?.leading) return log.debug('another clock ticks; standing by');
    while (!stop.aborted) {
      await connection.query('SELECT 1');
      const deleted = await deleteOldMessages(database, config.outboxDays);
      log.info({ deleted }, 'tick: old messages deleted');
      await pause(config.clockIntervalMs, stop);
    }
  } finally {
    await connection.end().catch(() => undefined);
  }
}
