import { once } from 'node:events';
import { start } from 'node:repl';
import * as users from '../users.js';
import { runTask, say } from './task.js';

/** A prompt inside the release: `await users.listUsers(database, { after: 0, limit: 10 })`. */
await runTask(async (database, config) => {
  say(`users-api ${config.release}: database, users and config are there; .exit leaves.`);
  const repl = start({ prompt: '> ' });
  Object.assign(repl.context, { database, users, config });
  await once(repl, 'exit');
});
