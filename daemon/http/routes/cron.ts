import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  CronJob,
  CronRun,
  UpdateCronJob,
  type CronJob as CronJobJson,
  type CronRun as CronRunJson,
} from '../../../api/index.js';
import type { ScheduledJob } from '../../run/cron/cron-jobs.js';
import type { CronRunRecord } from '../../store/cron-runs.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import { timeOf, timeOrNull } from '../platform.js';

interface OfApp {
  Params: { app: string };
}
interface OfJob {
  Params: { app: string; job: string };
}
interface OfRun {
  Params: { app: string; run: string };
}

/** The scheduled jobs of an app, and their history. */
export function cronRoutes(app: FastifyInstance, { services }: Context): void {
  const { cronJobs } = services;
  const oneJob = { response: { 200: CronJob } };
  const runs = { response: { 200: Type.Array(CronRun) } };

  app.get<OfApp>(
    '/tfk/apps/:app/cron',
    { schema: { response: { 200: Type.Array(CronJob) } } },
    ({ params }) => cronJobs.list(findApp(services, params.app)).map(jobJson),
  );
  app.get<OfJob>('/tfk/apps/:app/cron/:job', { schema: oneJob }, ({ params }) =>
    jobJson(cronJobs.find(findApp(services, params.app), params.job)),
  );
  app.patch<OfJob & { Body: UpdateCronJob }>(
    '/tfk/apps/:app/cron/:job',
    { schema: { body: UpdateCronJob, ...oneJob } },
    ({ params, body }) => {
      const record = findApp(services, params.app);
      return jobJson(
        body.suspended ? cronJobs.suspend(record, params.job) : cronJobs.resume(record, params.job),
      );
    },
  );
  app.get<OfJob>('/tfk/apps/:app/cron/:job/runs', { schema: runs }, ({ params }) =>
    cronJobs.runs(findApp(services, params.app), params.job).map(runJson),
  );
  app.post<OfJob>(
    '/tfk/apps/:app/cron/:job/runs',
    { schema: { response: { 201: CronRun } } },
    ({ params }, reply) => {
      const run = cronJobs.run(findApp(services, params.app), params.job);
      void reply.status(201);
      return runJson(run);
    },
  );
  app.get<OfApp>('/tfk/apps/:app/cron-runs', { schema: runs }, ({ params }) =>
    cronJobs.runs(findApp(services, params.app), null).map(runJson),
  );
  app.get<OfRun>('/tfk/apps/:app/cron-runs/:run', { schema: { response: { 200: CronRun } } }, ({ params }) =>
    runJson(cronJobs.findRun(findApp(services, params.app), params.run)),
  );
}

const jobJson = (job: ScheduledJob): CronJobJson => ({
  id: job.id,
  command: job.command,
  schedule: job.schedule,
  timezone: job.timezone,
  maintenance: job.maintenance,
  concurrency_policy: job.concurrencyPolicy,
  time_limit: Math.round(job.timeLimitMs / 1000),
  state: stateOf(job),
  reason: job.problem,
  suspended_at: timeOrNull(job.suspendedAt),
  next_run_at: timeOrNull(job.nextRunAt),
  last_run: job.lastRun && runJson(job.lastRun),
});

function stateOf({ problem, suspendedAt }: ScheduledJob): CronJobJson['state'] {
  if (problem !== null) return 'unreadable';
  return suspendedAt === null ? 'scheduled' : 'suspended';
}

const runJson = (run: CronRunRecord): CronRunJson => ({
  id: run.id,
  job: run.jobId,
  command: run.command,
  scheduled_at: timeOrNull(run.scheduledAt),
  status: run.status,
  dyno: run.dyno,
  release: run.releaseVersion,
  created_at: timeOf(run.createdAt),
  started_at: timeOrNull(run.startedAt),
  ended_at: timeOrNull(run.endedAt),
  exit_code: run.exitCode,
  reason: run.reason,
});
