import { parseArgs } from 'node:util';
import { brokenUniqueIndex } from '../database.js';
import { newUserFrom, sentence } from '../user-input.js';
import { createUser } from '../users.js';
import { runTask, say } from './task.js';

/** `npm run create-user -- --username ada --email ada@example.com` */
await runTask(async (database) => {
  const { values } = parseArgs({ options: { username: { type: 'string' }, email: { type: 'string' } } });
  const input = newUserFrom(values);
  if (!input.ok)
    throw new Error(`${sentence(input.problems)} (usage: create-user -- --username NAME --email ADDRESS)`);
  const user = await createUser(database, input.value).catch((error: unknown) => {
    const index = brokenUniqueIndex(error);
    throw index === undefined ? error : new Error(`another user has this ${index.split('_')[1] ?? 'value'}`);
  });
  say(`created ${user.username} (${user.id})`);
});
