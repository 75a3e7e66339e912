import type { CronJob, CronRun } from '../../api/cron.js';
import type { Paint } from './colour.js';
import { table, type Column } from './table.js';
import { moment, since, took, until } from './time.js';

export function jobTable(jobs: readonly CronJob[], paint: Paint, now: Date, width?: number): string[] {
  const columns: Column<CronJob>[] = [
    { header: 'ID', value: ({ id }) => id, style: (cell) => paint.in('cyan', cell) },
    { header: 'Schedule', value: scheduleOf },
    { header: 'Next run', value: (job) => nextRun(job, now) },
    { header: 'Last run', value: ({ last_run: last }) => (last === null ? 'none yet' : lastRun(last, now)) },
    { header: 'Command', value: ({ command }) => command, shrinks: true },
  ];
  return table(jobs, columns, width);
}

export function runTable(runs: readonly CronRun[], paint: Paint, width?: number): string[] {
  const columns: Column<CronRun>[] = [
    { header: 'Job', value: ({ job }) => job, style: (cell) => paint.in('cyan', cell) },
    { header: 'Time', value: (run) => moment(new Date(run.scheduled_at ?? run.created_at)) },
    { header: 'Dyno', value: ({ dyno }) => dyno ?? '-' },
    { header: 'Release', value: ({ release }) => (release === null ? '-' : `v${release}`) },
    { header: 'Took', value: (run) => duration(run) ?? '-' },
    { header: 'Result', value: resultOf, shrinks: true },
  ];
  return table(runs, columns, width);
}

function nextRun({ state, next_run_at: next }: CronJob, now: Date): string {
  // A tfkd of before states says none.
  if (state === 'suspended' || state === 'unreadable') return state;
  return next === null ? 'never' : until(next, now);
}

/** `failed: exited with status 3`, and that a user asked for it. */
export function resultOf({ status, reason, scheduled_at: scheduledAt }: CronRun): string {
  const byHand = scheduledAt === null ? ' (by hand)' : '';
  return `${status}${byHand}${reason === null ? '' : `: ${reason}`}`;
}

export const jobName = ({ command, schedule, timezone }: CronJob): string =>
  `${command} (${scheduleOf({ schedule, timezone })})`;

const scheduleOf = ({ schedule, timezone }: Pick<CronJob, 'schedule' | 'timezone'>): string =>
  timezone === 'UTC' ? schedule : `${schedule} ${timezone}`;

/** `failed 2h ago in 93 ms`, `running, begun 13s ago`. */
function lastRun(run: CronRun, now: Date): string {
  const time = duration(run);
  if (run.ended_at === null) return `${run.status}, begun ${since(run.started_at ?? run.created_at, now)}`;
  return `${run.status} ${since(run.ended_at, now)}${time === null ? '' : ` in ${time}`}`;
}

function duration({ started_at: start, ended_at: end }: CronRun): string | null {
  return start === null || end === null ? null : took(Math.max(0, Date.parse(end) - Date.parse(start)));
}
