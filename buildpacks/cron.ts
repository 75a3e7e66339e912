import { createHash } from 'node:crypto';
import { flag, listOfDifferent, object, oneOf, textThat, whole, type Checked } from './checks.js';
import { readSchedule } from './cron-schedule.js';
import { closest } from './did-you-mean.js';

/** More than anybody has; each is looked at whenever one is due. */
const MOST_JOBS = 100;
/** Seconds that a run may take, at most and where nothing is said: as long as any one-off dyno. */
const LONGEST_RUN = 24 * 60 * 60;

const command = textThat((value) => (value.trim() === '' ? 'is empty' : null));

const schedule = textThat((value) => {
  const read = readSchedule(value);
  return 'problem' in read ? read.problem : null;
});

const timezone = textThat((value) => {
  if (isTimeZone(value)) return null;
  const near = closest(value, Intl.supportedValuesOf('timeZone'));
  const meant = near === null ? 'such as Europe/Berlin' : `did you mean ${near}?`;
  return `${JSON.stringify(value.slice(0, 80))} is not the name of a time zone, ${meant}`;
});

const entry = object(
  {
    command,
    schedule,
    /** Ours; Dokku has the server's own. */
    timezone,
    maintenance: flag,
    concurrency_policy: oneOf('allow', 'forbid', 'replace'),
    /** Ours too; in seconds. */
    time_limit: whole(1, LONGEST_RUN),
  },
  ['command', 'schedule'],
);
type CronEntry = Checked<typeof entry>;

/** What makes a job the same job in the next deploy. */
const identityOf = ({ command, schedule, timezone = UTC }: CronEntry): string =>
  JSON.stringify([command, schedule, timezone]);

/** app.json's `cron`. */
export const cron = listOfDifferent(entry, MOST_JOBS, identityOf);

/** A scheduled job, with all that an entry of app.json may leave out. */
export interface CronJob {
  /** Stays over deploys, as long as command, schedule and time zone do. */
  readonly id: string;
  readonly command: string;
  /** As the user wrote it. */
  readonly schedule: string;
  /** The same in five numeric fields. */
  readonly expression: string;
  readonly timezone: string;
  /** Whether it runs in maintenance mode too. */
  readonly maintenance: boolean;
  /** What becomes of a run while an earlier one of the job is under way. */
  readonly concurrencyPolicy: 'allow' | 'forbid' | 'replace';
  /** What runs longer is stopped. */
  readonly timeLimitMs: number;
}

const UTC = 'UTC';

export const cronJobsOf = (entries: readonly CronEntry[]): CronJob[] =>
  entries.flatMap((item) => {
    const read = readSchedule(item.schedule);
    if ('problem' in read) return [];
    return [
      {
        id: createHash('sha256').update(identityOf(item)).digest('hex').slice(0, 8),
        command: item.command,
        schedule: item.schedule.trim(),
        expression: read.expression,
        timezone: item.timezone ?? UTC,
        maintenance: item.maintenance ?? false,
        concurrencyPolicy: item.concurrency_policy ?? 'allow',
        timeLimitMs: (item.time_limit ?? LONGEST_RUN) * 1000,
      },
    ];
  });

function isTimeZone(name: string): boolean {
  if (name === '' || name.length > 80) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Later versions of Intl know +02:00 too, which has no summer time.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
