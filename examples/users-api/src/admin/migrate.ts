import { migrate } from '../migrations.js';
import { runTask, say } from './task.js';

await runTask(async (database, config) => {
  const ran = await migrate(database, 'migrations');
  for (const name of ran) say(`ran ${name}`);
  say(
    ran.length === 0
      ? `Schema is up to date (${config.release}): nothing to run.`
      : `Schema is up to date (${config.release}): ${ran.length} run.`,
  );
});
