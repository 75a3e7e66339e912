import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dueSteps,
  MOST_AT_ONCE,
  MOST_LATE_MS,
  MOST_OF_A_JOB,
  nextDue,
} from '../../../../daemon/run/cron/due.js';
import type { CronSnapshot, CronStep, OpenRun } from '../../../../daemon/run/cron/steps.js';
import type { CronJobRecord } from '../../../../daemon/store/cron-jobs.js';
import type { CronRunRecord } from '../../../../daemon/store/cron-runs.js';
import type { DynoRecord } from '../../../../daemon/store/dynos.js';
import { aDyno } from '../../../support/snapshots.js';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 5, 1, 12);

const aJob = (change: Partial<CronJobRecord> = {}): CronJobRecord => ({
  id: 'job',
  command: 'true',
  schedule: '*/10 * * * *',
  expression: '*/10 * * * *',
  timezone: 'UTC',
  maintenance: false,
  concurrencyPolicy: 'allow',
  timeLimitMs: 86_400_000,
  ...change,
});

const aRun = (change: Partial<CronRunRecord> = {}): CronRunRecord => ({
  id: 'run',
  appId: 'app',
  jobId: 'job',
  command: 'true',
  scheduledAt: NOON,
  status: 'waiting',
  instance: null,
  dyno: null,
  releaseVersion: null,
  createdAt: NOON,
  startedAt: null,
  endedAt: null,
  exitCode: null,
  reason: null,
  ...change,
});

const waiting = (change: Partial<CronRunRecord> = {}): OpenRun => ({
  run: aRun(change),
  dyno: null,
  inHand: false,
});
function running(
  id: string,
  dyno: Partial<DynoRecord> | null = {},
  change: Partial<CronRunRecord> = {},
): OpenRun {
  const name = `scheduler.${id}`;
  const run = aRun({ id, status: 'running', instance: id, dyno: name, ...change });
  return { run, dyno: dyno && aDyno({ name, kind: 'release', instance: id, ...dyno }), inHand: false };
}

/** A job of which everything up to a minute before noon is settled, at noon. */
const aSnapshot = (change: Partial<CronSnapshot> = {}): CronSnapshot => ({
  now: NOON,
  maintenance: false,
  releasedAt: NOON - 600 * MINUTE,
  jobs: [aJob()],
  states: [{ jobId: 'job', settledUntil: NOON - MINUTE, suspendedAt: null }],
  runs: [],
  ...change,
});
const since = (settledUntil: number | null, suspendedAt: number | null = null) => [
  { jobId: 'job', settledUntil, suspendedAt },
];

const steps = (change: Partial<CronSnapshot> = {}): string[] => dueSteps(aSnapshot(change)).map(inWords);

function inWords(step: CronStep): string {
  const minutes = (time: number): string => `${(time - NOON) / MINUTE} min`;
  switch (step.action) {
    case 'settle':
      return `settle ${step.jobId} until ${minutes(step.until)}`;
    case 'forget':
      return `forget ${step.jobId}`;
    case 'set-aside':
      return `set aside ${step.job.id}: ${step.reason}`;
    case 'claim':
      return `claim ${step.job.id} of ${minutes(step.scheduledAt)}`;
    case 'skip':
      return `skip ${step.job.id} of ${minutes(step.scheduledAt)}: ${step.reason}`;
    case 'drop':
      return `drop ${step.run.id}: ${step.reason}`;
    case 'start':
      return `start ${step.run.id}`;
    case 'stop':
      return `stop ${step.dyno.name}: ${step.reason}`;
    case 'end':
      return `end ${step.run.id}: ${step.end.status} ${step.end.exitCode ?? '-'} ${step.end.reason ?? ''}`.trim();
  }
}

describe('a time that has come', () => {
  it('is claimed, once', () => {
    expect(steps()).toEqual(['claim job of 0 min']);
    expect(steps({ states: since(NOON) })).toEqual([]);
  });

  it('counts only from when the job was deployed', () => {
    expect(steps({ states: [], releasedAt: NOON })).toEqual(['settle job until 0 min']);
    // tfkd ended before it looked at the release.
    expect(steps({ states: [], releasedAt: NOON - MINUTE })).toEqual(['settle job until -1 min']);
    expect(steps({ states: [], releasedAt: NOON + MINUTE })).toEqual(['settle job until 0 min']);
    expect(steps({ states: since(null) })).toEqual(['settle job until 0 min']);
  });

  it('is nothing of a job that is suspended, nor made up for when that is over', () => {
    expect(steps({ states: since(NOON - 30 * MINUTE, 1) })).toEqual([]);
    expect(steps({ states: since(null) })).toEqual(['settle job until 0 min']);
  });

  it('is skipped in maintenance mode, unless the job runs then too', () => {
    expect(steps({ maintenance: true })).toEqual(['skip job of 0 min: the app is in maintenance mode']);
    expect(steps({ maintenance: true, jobs: [aJob({ maintenance: true })] })).toEqual(['claim job of 0 min']);
  });

  it('is nothing where nothing may be run', () => {
    expect(steps({ jobs: [] })).toEqual(['forget job']);
    expect(steps({ jobs: [], states: since(null, 5) })).toEqual([]);
    expect(steps({ jobs: [], states: since(NOON, 5) })).toEqual(['forget job']);
  });
});

describe('a job whose times cannot be told', () => {
  const odd = aJob({ id: 'odd', timezone: 'Mars/Base' });
  const jobs = [odd, aJob()];
  const states = (settledUntil: number | null) => [
    { jobId: 'odd', settledUntil, suspendedAt: null },
    { jobId: 'job', settledUntil: NOON - MINUTE, suspendedAt: null },
  ];
  const reason = `timezone: "Mars/Base" is not known to this machine's Node.js ${process.version}`;

  it('is set aside with the reason, once, and keeps no other from its times', () => {
    expect(steps({ jobs, states: states(NOON - MINUTE) })).toEqual([
      `set aside odd: ${reason}`,
      'claim job of 0 min',
    ]);
    expect(steps({ jobs, states: states(null) })).toEqual(['claim job of 0 min']);
    expect(nextDue(aSnapshot({ jobs, states: states(null) }))).toBe(NOON + 10 * MINUTE);
    const garbled = [aJob({ id: 'odd', expression: 'now and then' }), aJob()];
    expect(steps({ jobs: garbled, states: states(NOON) })[0]).toMatch(/^set aside odd: schedule: "now and/);
  });

  it('runs when a user says so, and counts from when it can be read again', () => {
    expect(steps({ jobs, states: states(null), runs: [waiting({ id: 'by hand', jobId: 'odd' })] })).toContain(
      'start by hand',
    );
    const mended = [aJob({ id: 'odd' })];
    expect(steps({ jobs: mended, states: states(null).slice(0, 1) })).toEqual(['settle odd until 0 min']);
  });
});

describe('after tfkd was away, or the machine asleep', () => {
  it('one run makes up for all times of the last hour', () => {
    const now = NOON + 35 * MINUTE;
    expect(steps({ now })).toEqual(['claim job of 30 min']);
    expect(steps({ now: NOON + 300 * MINUTE })).toEqual(['claim job of 300 min']);
  });

  it('what is more than an hour late is missed, and noted once', () => {
    const daily = [aJob({ expression: '0 12 * * *' })];
    expect(steps({ jobs: daily, now: NOON + MOST_LATE_MS - 1 })).toEqual(['claim job of 0 min']);
    expect(steps({ jobs: daily, now: NOON + MOST_LATE_MS })).toEqual([
      'skip job of 0 min: tfkd was away then, and for more than an hour',
    ]);
  });
});

describe('a clock that is set back', () => {
  it('runs nothing again within an hour', () => {
    expect(steps({ states: since(NOON + 50 * MINUTE) })).toEqual([]);
    expect(nextDue(aSnapshot({ states: since(NOON + 50 * MINUTE) }))).toBe(NOON + 60 * MINUTE);
  });

  it('by more than that was wrong before: the job does not wait until then', () => {
    expect(steps({ states: since(NOON + 5000 * MINUTE) })).toEqual(['settle job until 0 min']);
  });
});

describe('a job whose earlier run is under way', () => {
  const of = (policy: CronJobRecord['concurrencyPolicy']) => [aJob({ concurrencyPolicy: policy })];

  it('runs beside it with allow', () => {
    expect(steps({ jobs: of('allow'), runs: [running('1')] })).toEqual(['claim job of 0 min']);
    expect(steps({ jobs: of('allow'), states: since(NOON), runs: [running('1'), waiting()] })).toEqual([
      'start run',
    ]);
  });

  it('is skipped with forbid, and says which one runs', () => {
    const forbidden = 'scheduler.1 of the job is still running';
    expect(steps({ jobs: of('forbid'), runs: [running('1')] })).toEqual([`skip job of 0 min: ${forbidden}`]);
    expect(steps({ jobs: of('forbid'), states: since(NOON), runs: [running('1'), waiting()] })).toEqual([
      `drop run: ${forbidden}`,
    ]);
  });

  it('stops it first with replace, once, and starts when it has ended', () => {
    const jobs = of('replace');
    const states = since(NOON);
    expect(steps({ jobs, runs: [running('1')] })).toEqual(['claim job of 0 min']);
    expect(steps({ jobs, states, runs: [running('1'), waiting()] })).toEqual([
      'stop scheduler.1: a newer run of the job replaces it',
    ]);
    const stopping = running('1', { stopReason: 'a newer run of the job replaces it', state: 'stopping' });
    expect(steps({ jobs, states, runs: [stopping, waiting()] })).toEqual([]);
    expect(steps({ jobs, states, runs: [waiting()] })).toEqual(['start run']);
  });

  it('has one run waiting with replace: the newest', () => {
    const runs = [running('1', { stopReason: 'x' }), waiting({ id: 'old' }), waiting({ id: 'new' })];
    expect(steps({ jobs: of('replace'), states: since(NOON), runs })).toEqual([
      'drop old: a newer run of the job came before its turn',
    ]);
  });
});

describe('many jobs at once', () => {
  it('begin as far as there is room; the others wait', () => {
    const jobs = ['a', 'b', 'c'].map((id) => aJob({ id }));
    const states = jobs.map(({ id }) => ({ jobId: id, settledUntil: NOON, suspendedAt: null }));
    const runs = [
      ...Array.from({ length: MOST_AT_ONCE - 1 }, (_, at) => running(String(at), {}, { jobId: 'x' })),
      waiting({ id: '1', jobId: 'a' }),
      waiting({ id: '2', jobId: 'b' }),
    ];
    expect(steps({ jobs, states, runs })).toEqual(['start 1']);
  });

  it('of one job one run waits', () => {
    expect(steps({ runs: [waiting()] })).toEqual([
      'skip job of 0 min: an earlier run of the job still waits for its turn',
      'start run',
    ]);
  });

  it('of one job do not take all the room, so that one which hangs keeps no other from running', () => {
    const jobs = ['hangs', 'a'].map((id) => aJob({ id }));
    const states = jobs.map(({ id }) => ({ jobId: id, settledUntil: NOON, suspendedAt: null }));
    const hanging = Array.from({ length: MOST_OF_A_JOB }, (_, at) =>
      running(String(at), {}, { jobId: 'hangs' }),
    );
    const runs = [...hanging, waiting({ id: '4th', jobId: 'hangs' }), waiting({ id: 'its', jobId: 'a' })];
    expect(steps({ jobs, states, runs })).toEqual(['start its']);
    const now = NOON + MOST_LATE_MS + 1;
    const later = states.map((state) => ({ ...state, settledUntil: now }));
    expect(steps({ jobs, states: later, now, runs: runs.slice(0, -1) })).toEqual([
      'drop 4th: its turn did not come for more than an hour: scheduler.0, scheduler.1, scheduler.2 still ran',
    ]);
  });

  it('a run that waited for more than an hour is given up, and one whose job is gone', () => {
    const now = NOON + MOST_LATE_MS + 1;
    expect(steps({ now, states: since(now), runs: [waiting()] })).toEqual([
      'drop run: its turn did not come for more than an hour',
    ]);
    expect(steps({ jobs: [], states: [], runs: [waiting()] })).toEqual([
      'drop run: the current release has no such job',
    ]);
  });
});

describe('a run that is over', () => {
  it.each([
    [{ exitCode: 0 }, 'succeeded 0'],
    [{ exitCode: 3, message: 'exited with status 3' }, 'failed 3 exited with status 3'],
    [{ exitCode: null, message: 'R15: out of memory' }, 'failed - R15: out of memory'],
    [{ exitCode: 143, stopReason: 'stopped' }, 'stopped 143 a user stopped it'],
    [
      { exitCode: 0, stopReason: 'a newer run of the job replaces it' },
      'stopped 0 a newer run of the job replaces it',
    ],
    [
      { exitCode: 143, stopReason: 'time limit', timeLimitMs: 86_400_000 },
      'failed 143 it ran longer than 24 hours, its time limit',
    ],
    [
      { exitCode: null, stopReason: 'time limit', timeLimitMs: 90_000 },
      'failed - it ran longer than 90 seconds, its time limit',
    ],
  ])('with %j ends %s', (dyno, end) => {
    const runs = [running('1', { state: 'complete', exitedAt: NOON, ...dyno })];
    expect(steps({ runs, states: since(NOON) })).toEqual([`end 1: ${end}`]);
  });

  it('is noted when its last line is stored, and not before', () => {
    const complete = running('1', { state: 'complete', exitCode: 0 });
    expect(steps({ states: since(NOON), runs: [{ ...complete, inHand: true }] })).toEqual([]);
  });

  it('is noted too where its job or its dyno is gone', () => {
    expect(steps({ jobs: [], states: [], runs: [running('1', { state: 'complete', exitCode: 0 })] })).toEqual(
      ['end 1: succeeded 0'],
    );
    expect(steps({ states: since(NOON), runs: [running('1', null)] })).toEqual([
      'end 1: stopped - it was stopped before it began',
    ]);
  });

  it('makes room before anything else is decided', () => {
    const runs = [running('1', { state: 'complete', exitCode: 0 })];
    expect(steps({ jobs: [aJob({ concurrencyPolicy: 'forbid' })], runs })).toEqual(['end 1: succeeded 0']);
  });
});

/** What the executors do, in memory: rows of a store, and dynos that end whenever the test says. */
class World {
  now = NOON;
  settledUntil: number | null = NOON;
  runs: OpenRun[] = [];
  readonly claimed = new Set<number>();
  readonly started: (number | null)[] = [];
  private ids = 0;

  constructor(private readonly job: CronJobRecord) {}

  /** Until nothing is left; `diesAfter`: tfkd is killed after that many steps. */
  look(diesAfter = Infinity): void {
    let done = 0;
    for (let looks = 0; looks < 10; looks++) {
      const snapshot = {
        now: this.now,
        maintenance: false,
        releasedAt: NOON,
        jobs: [this.job],
        states: since(this.settledUntil),
      };
      const due = dueSteps({ ...snapshot, runs: this.runs });
      if (due.length === 0) return;
      for (const step of due) {
        if (done++ >= diesAfter) return;
        this.execute(step);
      }
    }
    throw new Error('the steps never end');
  }

  private execute(step: CronStep): void {
    if (step.action === 'settle') this.settledUntil = step.until;
    if (step.action === 'claim' || step.action === 'skip') {
      this.settledUntil = step.until;
      if (this.claimed.has(step.scheduledAt)) return;
      this.claimed.add(step.scheduledAt);
    }
    if (step.action === 'claim')
      this.runs.push(waiting({ id: String(this.ids++), scheduledAt: step.scheduledAt, createdAt: this.now }));
    if (step.action === 'drop' || step.action === 'end')
      this.runs = this.runs.filter(({ run }) => run.id !== step.run.id);
    if (step.action === 'stop')
      this.runs = this.runs.map((open) =>
        open.dyno?.instance === step.dyno.instance
          ? { ...open, dyno: { ...open.dyno, stopReason: step.reason } }
          : open,
      );
    if (step.action === 'start') {
      this.started.push(step.run.scheduledAt);
      const begun = running(step.run.id, {}, { scheduledAt: step.run.scheduledAt });
      this.runs = this.runs.map((open) => (open.run.id === step.run.id ? begun : open));
    }
  }

  exit(): void {
    this.runs = this.runs.map((open) =>
      open.dyno === null ? open : { ...open, dyno: { ...open.dyno, state: 'complete', exitCode: 0 } },
    );
  }
}

describe('whatever happens', () => {
  it('a time is run once at most, two runs never overlap where that is forbidden, and every look comes to an end', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('time' as const), minutes: fc.integer({ min: -90, max: 90 }) }),
      fc.record({ kind: fc.constant('exit' as const) }),
      fc.record({ kind: fc.constant('kill' as const), after: fc.integer({ min: 0, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.constantFrom('allow', 'forbid', 'replace'), fc.array(event), (policy, events) => {
        const world = new World(aJob({ concurrencyPolicy: policy }));
        for (const each of events) {
          if (each.kind === 'time') world.now += each.minutes * MINUTE;
          if (each.kind === 'exit') world.exit();
          world.look(each.kind === 'kill' ? each.after : Infinity);
          expect(new Set(world.started).size).toBe(world.started.length);
          const dynos = world.runs.filter(({ run }) => run.status === 'running').length;
          expect(dynos).toBeLessThanOrEqual(policy === 'allow' ? MOST_OF_A_JOB : 1);
        }
      }),
    );
  });
});
