import type { CronJob, CronRun } from '../../api/cron.js';
import { appOption, command, flag, jsonOption, optional, required } from '../command.js';
import type { Context } from '../context.js';
import { jobNamed, jobPath, jobsOf, KNOWN_BY, pastJobNamed, pastRuns } from '../cron.js';
import { Interrupted } from '../errors.js';
import { untilOver } from '../follow/cron.js';
import { jobName, jobTable, resultOf, runTable } from '../output/cron.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { until } from '../output/time.js';

const HOW =
  'A job is an entry of "cron" in app.json: {"command": "node nightly.js", "schedule": "30 3 * * *"}.';

const list = command({
  name: 'cron',
  summary: 'list the scheduled jobs of an app',
  details: HOW,
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk cron -a myapp'],
  async run(context, { options }) {
    const { output } = context;
    const app = context.app(options.app);
    const jobs = await jobsOf(context, app);
    if (options.json) return output.json(jobs);
    if (jobs.length === 0) return output.progress(`No scheduled jobs on ${appName(output.err, app)}. ${HOW}`);
    output.lines(jobTable(jobs, output.out, context.now(), output.width));
    for (const { id: jobId, reason } of jobs)
      if (reason != null)
        output.warn(
          `${jobId} does not run by itself: ${reason}.\nMend it in app.json and push; until then by hand: tfk cron:run ${jobId} -a ${app}`,
        );
    return undefined;
  },
});

const job = required('job', KNOWN_BY);

const run = command({
  name: 'cron:run',
  summary: 'run a scheduled job now',
  details: 'Shows what it prints, and ends with its exit code.',
  args: { job },
  options: {
    app: appOption,
    detach: flag('-d, --detach', 'do not wait; its output goes to the log'),
    json: jsonOption,
  },
  examples: ['tfk cron:run 1f0c', 'tfk cron:run "node nightly.js" --detach'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const made = await client.post<CronRun>(`${jobPath(app, await jobNamed(context, app, args.job))}/runs`);
    if (options.detach) {
      output.progress(`To see how it ended: tfk cron:history ${visible(made.job)} -a ${app}`);
      return options.json ? output.json(made) : output.line(made.id);
    }
    output.progress(`Running ${visible(made.command)} on ${appName(output.err, app)}`);
    const over = await context.untilInterrupted(
      () => untilOver(context, app, made, !options.json),
      () => left(made, app),
    );
    if (options.json) output.json(over);
    else output.progress(`${visible(over.dyno ?? 'The run')} ${visible(resultOf(over))}`);
    return over.status === 'succeeded' ? 0 : exitCode(over);
  },
});

const suspend = command({
  name: 'cron:suspend',
  summary: 'let the times of a scheduled job pass without a run, also after the next deploy',
  args: { job },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk cron:suspend 1f0c'],
  run: (context, { args, options }) => setSuspended(context, args.job, { ...options, suspended: true }),
});

const resume = command({
  name: 'cron:resume',
  summary: 'run a suspended job again from its next time on',
  args: { job },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk cron:resume 1f0c'],
  run: (context, { args, options }) => setSuspended(context, args.job, { ...options, suspended: false }),
});

const history = command({
  name: 'cron:history',
  summary: 'show when scheduled jobs ran, and how that ended',
  details: 'The newest first; of each job the last 50 runs are kept.',
  args: { job: optional('job', `${KNOWN_BY}; else all`) },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk cron:history', 'tfk cron:history 1f0c -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const runs =
      args.job === undefined
        ? await pastRuns(context, app)
        : await client.get<CronRun[]>(`${jobPath(app, await pastJobNamed(context, app, args.job))}/runs`);
    if (options.json) return output.json(runs);
    if (runs.length === 0) return output.progress('No scheduled job has run yet. Type: tfk cron');
    return output.lines(runTable(runs, output.out, output.width));
  },
});

export const commands = [list, run, suspend, resume, history];

async function setSuspended(
  context: Context,
  typed: string,
  options: { app: string | undefined; json: boolean; suspended: boolean },
): Promise<number> {
  const { client, output } = context;
  const { suspended } = options;
  const app = context.app(options.app);
  const path = jobPath(app, await jobNamed(context, app, typed));
  const job = await client.patch<CronJob>(path, { suspended });
  if (options.json) return output.json(job);
  const next = job.next_run_at === null ? '' : `, next ${until(job.next_run_at, context.now())}`;
  return output.line(visible(`${suspended ? 'Suspended' : 'Resumed'} ${jobName(job)}${next}`));
}

/** It is tfkd's, whether somebody looks on or not. */
const left = ({ job }: CronRun, app: string): Interrupted =>
  new Interrupted(
    'The run goes on without you.',
    `See how it ends: tfk cron:history ${visible(job)} -a ${app}. Or end it: tfk ps:stop with its dyno, as tfk ps -a ${app} shows it`,
  );

/** Its own, unless that would be taken for success. */
const exitCode = ({ exit_code: code }: CronRun): number => (code === null || code === 0 ? 1 : code);
