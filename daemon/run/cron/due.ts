import { lastTimeBetween, nextTime, problemOf } from '../../shared/schedules.js';
import type { CronJobRecord } from '../../store/cron-jobs.js';
import { endOf } from './end.js';
import type { CronSnapshot, CronStep, OpenRun } from './steps.js';

/** A run may begin that much after its time; what is later is missed. */
export const MOST_LATE_MS = 60 * 60_000;
/** Of one app at a time; more wait. */
export const MOST_AT_ONCE = 5;
/** Of one job, so that one which hangs leaves room for the others. */
export const MOST_OF_A_JOB = 3;

/**
 * What to do now about the scheduled jobs of an app. A function of the snapshot alone: called again after its steps were done, it
 * answers no step once all is as it should be.
 */
export function dueSteps(snapshot: CronSnapshot): CronStep[] {
  const { runs } = snapshot;
  const ended = runs.flatMap((open): CronStep[] => {
    const end = endOf(open, snapshot.now);
    return end ? [{ action: 'end', run: open.run, end }] : [];
  });
  // What ends makes room first: the next look sees it.
  if (ended.length > 0) return ended;
  return [
    ...forgotten(snapshot),
    ...snapshot.jobs.flatMap((job) => timeOf(job, snapshot)),
    ...turns(snapshot),
  ];
}

/** When there is something to do by time alone. */
export function nextDue({ jobs, states, now }: CronSnapshot): number | null {
  const times = jobs.flatMap((job) => {
    const state = states.find(({ jobId }) => jobId === job.id);
    if (state?.settledUntil == null || state.suspendedAt !== null) return [];
    return nextTime(job, Math.max(now, state.settledUntil)) ?? [];
  });
  return times.length === 0 ? null : Math.min(...times);
}

/** Jobs that were deployed, and are not any more: should they come back, what they missed meanwhile is not made up for. */
const forgotten = ({ jobs, states }: CronSnapshot): CronStep[] =>
  states
    .filter(({ settledUntil, suspendedAt }) => settledUntil !== null || suspendedAt === null)
    .filter(({ jobId }) => !jobs.some((job) => job.id === jobId))
    .map(({ jobId }) => ({ action: 'forget', jobId }));

/** What the time of a job that has come since the last look comes to. Of several only the last counts. */
function timeOf(job: CronJobRecord, snapshot: CronSnapshot): CronStep[] {
  const { now } = snapshot;
  const state = snapshot.states.find(({ jobId }) => jobId === job.id);
  if (state !== undefined && state.suspendedAt !== null) return [];
  const reason = problemOf(job);
  if (reason !== null) return state?.settledUntil === null ? [] : [{ action: 'set-aside', job, reason }];
  const since = countsFrom(state, snapshot);
  if (state?.settledUntil !== since) return [{ action: 'settle', jobId: job.id, until: since }];
  const scheduledAt = lastTimeBetween(job, Math.max(since, now - MOST_LATE_MS), now);
  if (scheduledAt === null) return missed(job, since, now);
  const hindered = hindrance(job, snapshot);
  const time = { job, scheduledAt, until: now };
  return [hindered === null ? { action: 'claim', ...time } : { action: 'skip', ...time, reason: hindered }];
}

/** From when on the times of a job are to be run. */
function countsFrom(
  state: CronSnapshot['states'][number] | undefined,
  { now, releasedAt }: CronSnapshot,
): number {
  // New: tfkd may have ended between its release and the first look.
  if (state === undefined) return Math.min(releasedAt, now);
  const { settledUntil } = state;
  // It could not be read, or the clock was far ahead when that was written down, and the job would wait for ever.
  return settledUntil === null || settledUntil > now + MOST_LATE_MS ? now : settledUntil;
}

function missed(job: CronJobRecord, since: number, now: number): CronStep[] {
  const first = since < now - MOST_LATE_MS ? nextTime(job, since) : null;
  if (first === null || first > now) return [];
  const reason = 'tfkd was away then, and for more than an hour';
  return [{ action: 'skip', job, scheduledAt: first, until: now, reason }];
}

/** Why a time that has come is not run. */
function hindrance(job: CronJobRecord, { maintenance, runs }: CronSnapshot): string | null {
  if (maintenance && !job.maintenance) return 'the app is in maintenance mode';
  const others = runs.filter(({ run }) => run.jobId === job.id);
  if (job.concurrencyPolicy === 'replace') return null;
  if (others.some(({ run }) => run.status === 'waiting'))
    return 'an earlier run of the job still waits for its turn';
  const running = others[0];
  return job.concurrencyPolicy === 'forbid' && running
    ? `${nameOf(running)} of the job is still running`
    : null;
}

const nameOf = ({ run }: OpenRun): string => run.dyno ?? 'an earlier run';

/** Which of the waiting runs begin, which are given up, and whom they replace. */
function turns(snapshot: CronSnapshot): CronStep[] {
  const running = snapshot.runs.filter(({ run }) => run.status === 'running');
  let room = MOST_AT_ONCE - running.length;
  return snapshot.runs
    .filter(({ run }) => run.status === 'waiting')
    .flatMap(({ run }): CronStep[] => {
      const job = snapshot.jobs.find(({ id }) => id === run.jobId);
      const reason = lostCause(run, job, snapshot);
      if (reason !== null || !job) return [{ action: 'drop', run, reason: reason ?? NO_SUCH_JOB }];
      const earlier = running.filter((open) => open.run.jobId === job.id);
      if (earlier.length > 0 && job.concurrencyPolicy === 'forbid')
        return [
          { action: 'drop', run, reason: `${nameOf(earlier[0] as OpenRun)} of the job is still running` },
        ];
      if (earlier.length > 0 && job.concurrencyPolicy === 'replace') return earlier.flatMap(replaced);
      if (earlier.length >= MOST_OF_A_JOB) return [];
      room -= 1;
      return room < 0 ? [] : [{ action: 'start', run, job }];
    });
}

const NO_SUCH_JOB = 'the current release has no such job';

/** Why a run that waits need not wait any more. */
function lostCause(
  run: OpenRun['run'],
  job: CronJobRecord | undefined,
  { now, runs }: CronSnapshot,
): string | null {
  if (!job) return NO_SUCH_JOB;
  if ((run.scheduledAt ?? run.createdAt) < now - MOST_LATE_MS)
    return `its turn did not come for more than an hour${behind(run, runs)}`;
  const waiting = runs.filter((other) => other.run.jobId === job.id && other.run.status === 'waiting');
  return job.concurrencyPolicy === 'replace' && waiting.at(-1)?.run.id !== run.id
    ? 'a newer run of the job came before its turn'
    : null;
}

/** Whom it waited for, so that one sees what hangs. */
function behind({ jobId }: OpenRun['run'], runs: readonly OpenRun[]): string {
  const running = runs.filter(({ run }) => run.status === 'running');
  const own = running.filter(({ run }) => run.jobId === jobId);
  const others = own.length >= MOST_OF_A_JOB ? own : running;
  return others.length === 0 ? '' : `: ${others.map(nameOf).join(', ')} still ran`;
}

/** Told once; then it has as long to exit as any dyno. */
const replaced = ({ dyno }: OpenRun): CronStep[] =>
  dyno === null || dyno.stopReason !== null
    ? []
    : [{ action: 'stop', dyno, reason: 'a newer run of the job replaces it' }];
