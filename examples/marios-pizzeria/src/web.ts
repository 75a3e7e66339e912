import { once } from 'node:events';
import { configOrExit } from './config.js';
import { buildApp } from './http/app.js';
import { createLog } from './log.js';
import { warnOfDifferences } from './parity.js';
import { stopSignal } from './stopping.js';
import { chooseStore } from './stores/choose.js';

const stop = stopSignal();
const config = configOrExit();
const log = createLog(config);
const store = chooseStore(config, log);
await warnOfDifferences(config, store.kind, log);
const app = buildApp({ store, log, release: config.release });

await app.listen({ host: config.host, port: config.port });
if (!stop.aborted) await once(stop, 'abort');

log.info('stopping: finishing what runs');
await app.close();
await store.close();
log.info('stopped');
