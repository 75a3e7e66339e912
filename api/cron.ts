import { Type, type Static } from 'typebox';
import { Nullable, Time, Uuid } from './fields.js';

/** A run of a scheduled job. */
export const CronRun = Type.Object({
  id: Uuid(),
  /** Id of its job, which may not be deployed any more. */
  job: Type.String(),
  command: Type.String(),
  /** The time of the schedule; null: a user asked for it. */
  scheduled_at: Nullable(Time()),
  status: Type.Union([
    Type.Literal('waiting'),
    Type.Literal('running'),
    Type.Literal('succeeded'),
    Type.Literal('failed'),
    Type.Literal('stopped'),
    Type.Literal('skipped'),
  ]),
  /** `scheduler.4711`; null while it waits, and where it was skipped. */
  dyno: Nullable(Type.String()),
  /** Version of the release that it ran. */
  release: Nullable(Type.Integer()),
  created_at: Time(),
  started_at: Nullable(Time()),
  ended_at: Nullable(Time()),
  /** Null where nobody was there to see it. */
  exit_code: Nullable(Type.Integer()),
  /** Why it ended as it did, in a sentence. */
  reason: Nullable(Type.String()),
});
export type CronRun = Static<typeof CronRun>;

/** `GET /tfk/apps/:app/cron`: a scheduled job of the current release. */
export const CronJob = Type.Object({
  /** Stays over deploys, as long as command, schedule and time zone do. */
  id: Type.String(),
  command: Type.String(),
  schedule: Type.String(),
  timezone: Type.String(),
  maintenance: Type.Boolean(),
  concurrency_policy: Type.Union([Type.Literal('allow'), Type.Literal('forbid'), Type.Literal('replace')]),
  /** Seconds; a run that takes longer is stopped. */
  time_limit: Type.Integer(),
  /** `unreadable`: its times cannot be told, so that it runs only by hand. */
  state: Type.Union([Type.Literal('scheduled'), Type.Literal('suspended'), Type.Literal('unreadable')]),
  /** Why it is unreadable, with the field; null: it is not. */
  reason: Nullable(Type.String()),
  /** Null: it is not. */
  suspended_at: Nullable(Time()),
  /** Null while it does not run by itself. */
  next_run_at: Nullable(Time()),
  last_run: Nullable(CronRun),
});
export type CronJob = Static<typeof CronJob>;

/** `PATCH /tfk/apps/:app/cron/:job` */
export const UpdateCronJob = Type.Object({ suspended: Type.Boolean() });
export type UpdateCronJob = Static<typeof UpdateCronJob>;
