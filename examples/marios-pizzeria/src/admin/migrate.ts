import { runTask, say } from './task.js';

await runTask(async (store, config) => {
  const ran = await store.migrate();
  for (const name of ran) say(`ran ${name}`);
  say(
    `${store.kind} is up to date (${config.release}): ${ran.length === 0 ? 'nothing to run' : `${ran.length} run`}.`,
  );
});
