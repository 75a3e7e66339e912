import { setTimeout as sleep } from 'node:timers/promises';
import type { CronRun } from '../../api/cron.js';
import { tfkPathOfApp, type Context } from '../context.js';
import { logEvents, showLogLine } from './logs.js';

const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 2000;
/** A run that waits for its turn still at this look, after about a second, is told of. */
const WONDERS_AT = 5;
/** As good as all. */
const ALL_LINES = 100_000;

/** Waits until a run of a scheduled job is over, and shows meanwhile what it prints. */
export async function untilOver(
  context: Context,
  app: string,
  { id }: CronRun,
  shows: boolean,
): Promise<CronRun> {
  let last: string | undefined;
  let pause = FIRST_PAUSE;
  for (let looks = 1; ; looks++) {
    // Asked before its lines: an end is told when the last of them is stored.
    const run = await context.client.get<CronRun>(`${tfkPathOfApp(app)}/cron-runs/${id}`);
    if (shows && run.dyno !== null) last = await showLines(context, app, run.dyno, last);
    if (run.status !== 'waiting' && run.status !== 'running') return run;
    if (looks === WONDERS_AT && run.status === 'waiting')
      context.output.progress(`It waits for its turn. What runs: tfk ps -a ${app}`);
    await sleep(pause);
    pause = Math.min(LONGEST_PAUSE, pause * 1.5);
  }
}

/** Those behind a place in the log; answers the place of the last one. */
async function showLines(
  context: Context,
  app: string,
  dyno: string,
  after: string | undefined,
): Promise<string | undefined> {
  let last = after;
  const session = { dyno, source: 'app', lines: ALL_LINES };
  for await (const { id, data } of logEvents(context, app, session, after)) {
    last = id ?? last;
    await showLogLine(context, data);
  }
  return last;
}
