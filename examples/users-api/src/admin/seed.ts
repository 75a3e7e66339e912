import { brokenUniqueIndex } from '../database.js';
import { createUser } from '../users.js';
import { runTask, say } from './task.js';

const PEOPLE = ['ada', 'grace', 'katherine'];

/** May be run again: who is there already stays as they are. */
await runTask(async (database) => {
  for (const username of PEOPLE) {
    const created = await createUser(database, { username, email: `${username}@example.com` }).catch(
      (error: unknown) => {
        if (brokenUniqueIndex(error) === undefined) throw error;
        return undefined;
      },
    );
    say(created ? `created ${username} (${created.id})` : `${username} is there already`);
  }
});
