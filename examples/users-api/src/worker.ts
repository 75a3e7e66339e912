import { configOrExit } from './config.js';
import { connect } from './database.js';
import { createLog } from './log.js';
import { sendNext, type Message } from './outbox.js';
import { pause, stopSignal } from './stopping.js';

const stop = stopSignal();
const config = configOrExit();
const log = createLog(config);
const database = connect(config, log);

log.info('worker started');
while (!stop.aborted) {
  // A message that is being sent is finished first: the signal is looked at between two of them.
  const sent = await sendNext(database, deliver).catch((error: Error) => {
    log.warn({ error: error.message }, 'could not send; trying again');
    return undefined;
  });
  if (!sent) await pause(config.workerPollMs, stop);
}
await database.end();
log.info('worker stopped');

/** A real app hands the message to its mail service here, which is one more attached resource. */
async function deliver(message: Message): Promise<void> {
  log.info(
    { message: message.id, kind: message.kind, to: message.email },
    `${message.kind} to ${message.username} sent`,
  );
}
