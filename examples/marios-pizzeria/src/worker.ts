import { configOrExit } from './config.js';
import { kitchen } from './kitchen.js';
import { createLog } from './log.js';
import { warnOfDifferences } from './parity.js';
import { pause, stopSignal } from './stopping.js';
import { chooseStore } from './stores/choose.js';

const stop = stopSignal();
const config = configOrExit();
const log = createLog(config);
const store = chooseStore(config, log);
await warnOfDifferences(config, store.kind, log);
const handle = kitchen(log, config.bakingMs);

log.info({ store: store.kind }, 'worker started');
while (!stop.aborted) {
  // An event that is being handled is finished first: the signal is looked at between two of them.
  const handled = await store.consume(handle).catch(async (error: Error) => {
    log.warn({ error: error.message }, 'could not handle an event; trying again');
    await pause(config.workerPollMs, stop);
    return false;
  });
  if (!handled) await store.news(config.workerPollMs, stop);
}
await store.close();
log.info('worker stopped');
