import type { CronJobs } from '../../run/cron/cron-jobs.js';

export type CronService = Pick<CronJobs, 'list' | 'find' | 'run' | 'suspend' | 'resume' | 'runs' | 'findRun'>;
