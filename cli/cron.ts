import type { CronJob, CronRun } from '../api/cron.js';
import { ambiguous } from './ambiguous.js';
import { tfkPathOfApp, type Context } from './context.js';

/** How a user may name a job. */
export const KNOWN_BY = 'its id, the beginning of it, or its command';

type Known = Pick<CronJob, 'id' | 'command'> & Partial<Pick<CronJob, 'schedule'>>;

export const jobPath = (app: string, id: string): string =>
  `${tfkPathOfApp(app)}/cron/${encodeURIComponent(id)}`;

export const jobsOf = ({ client }: Context, app: string): Promise<CronJob[]> =>
  client.get<CronJob[]>(`${tfkPathOfApp(app)}/cron`);

/** The runs of all jobs, the newest first. */
export const pastRuns = ({ client }: Context, app: string): Promise<CronRun[]> =>
  client.get<CronRun[]>(`${tfkPathOfApp(app)}/cron-runs`);

/** The id of the scheduled job that the user means. */
export async function jobNamed(context: Context, app: string, typed: string): Promise<string> {
  return theOne(await jobsOf(context, app), typed, app);
}

/** As `jobNamed`, also of a job that ran once and is not deployed any more. */
export async function pastJobNamed(context: Context, app: string, typed: string): Promise<string> {
  const [jobs, runs] = await Promise.all([jobsOf(context, app), pastRuns(context, app)]);
  const past = runs.map(({ job, command }): [string, Known] => [job, { id: job, command }]);
  const isDeployed = jobs.some((job) => isMeant(job, typed));
  return theOne(isDeployed ? jobs : [...new Map(past).values()], typed, app);
}

const isMeant = ({ id, command }: Known, typed: string): boolean => id.startsWith(typed) || command === typed;

/** What nothing matches goes to tfkd as it was typed: it says what there is. */
function theOne(jobs: readonly Known[], typed: string, app: string): string {
  const meant = jobs.filter((job) => isMeant(job, typed));
  const [first, ...others] = meant;
  if (first === undefined || meant.some(({ id }) => id === typed)) return typed;
  if (others.length === 0) return first.id;
  throw ambiguous(typed, 'scheduled jobs', app, { meant: meant.map(inOneLine), lister: 'cron' });
}

const inOneLine = ({ id, command, schedule }: Known): string =>
  `${id} (${schedule === undefined ? command : `${command}, ${schedule}`})`;
