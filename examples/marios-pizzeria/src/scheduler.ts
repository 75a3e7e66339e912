import { randomUUID } from 'node:crypto';
import { configOrExit } from './config.js';
import { createLog } from './log.js';
import { warnOfDifferences } from './parity.js';
import { goRound } from './rounds.js';
import { pause, stopSignal } from './stopping.js';
import { chooseStore } from './stores/choose.js';

const stop = stopSignal();
const config = configOrExit();
const log = createLog(config);
const store = chooseStore(config, log);
await warnOfDifferences(config, store.kind, log);
const { schedulerIntervalMs: intervalMs, lateAfterMinutes } = config;
const rounds = { store, log, holder: `${config.dyno} ${randomUUID()}`, intervalMs, lateAfterMinutes };

log.info({ store: store.kind }, 'scheduler started');
while (!stop.aborted) {
  const mine = await goRound(rounds, new Date()).catch((error: Error) =>
    log.warn({ error: error.message }, 'a round failed; trying again'),
  );
  if (mine === false) log.debug('another scheduler goes the rounds; standing by');
  await pause(intervalMs, stop);
}
await store.close();
log.info('scheduler stopped');
