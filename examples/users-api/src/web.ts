import { once } from 'node:events';
import { configOrExit } from './config.js';
import { connect } from './database.js';
import { buildApp } from './http/app.js';
import { createLog } from './log.js';
import { stopSignal } from './stopping.js';

const stop = stopSignal();
const config = configOrExit();
const log = createLog(config);
const database = connect(config, log);
const app = buildApp({ database, log, release: config.release });

await app.listen({ host: config.host, port: config.port });
if (!stop.aborted) await once(stop, 'abort');

log.info('stopping: finishing what runs');
await app.close();
await database.end();
log.info('stopped');
