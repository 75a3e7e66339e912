import { parseArgs } from 'node:util';
import { countOldMessages, deleteOldMessages } from '../outbox.js';
import { runTask, say } from './task.js';

/** `npm run cleanup -- --dry-run`: says what it would delete, and deletes nothing. */
await runTask(async (database, { outboxDays }) => {
  const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });
  const what = `messages sent more than ${outboxDays} days ago`;
  if (values['dry-run']) say(`would delete ${await countOldMessages(database, outboxDays)} ${what}`);
  else say(`deleted ${await deleteOldMessages(database, outboxDays)} ${what}`);
});
