import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { cronJobsOf } from '../../../buildpacks/cron.js';
import { Engines } from '../../../daemon/engines/engines.js';
import { Collector } from '../../../daemon/logs/collector.js';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { createCronStage, type CronStage } from '../../../daemon/main/cron-stage.js';
import { createRunStage } from '../../../daemon/main/run-stage.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import type { CronRunRecord } from '../../../daemon/store/cron-runs.js';
import { Store } from '../../../daemon/store/store.js';
import { EngineBench } from '../../support/process-engine.js';
import { tempHome } from '../../support/temp-home.js';

const PATIENCE = { timeout: 15_000, interval: 20 };
const MINUTE = 60_000;
const logger = createLogger('silent', 'test');

type Entry = Parameters<typeof cronJobsOf>[0][number];

/** A tfkd's stages on one store, over the embedded engine. */
class World {
  readonly home = tempHome();
  readonly store = Store.open(this.home);
  readonly app: AppRecord;
  readonly logs: LogStore;
  cron: CronStage;
  private ahead = 0;
  private end: () => Promise<void>;
  /** Hours do pass for the jobs; what waits for a process waits as long as it takes. */
  private readonly clock: Clock = {
    now: () => Date.now() + this.ahead,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };

  constructor(private readonly bench: EngineBench) {
    this.logs = new LogStore({ folder: join(this.home, 'logs'), clock: systemClock, logger });
    this.app = new Apps(this.store, systemClock, () => undefined, 'process').create({
      name: 'shop',
      actor: 'ada',
    });
    ({ cron: this.cron, end: this.end } = this.stages());
  }

  static async open(): Promise<World> {
    const bench = await EngineBench.open();
    const world = new World(bench);
    // Dynos may run as users of their own.
    mkdirSync(join(bench.home, 'out'));
    chmodSync(join(bench.home, 'out'), 0o777);
    onTestFinished(async () => {
      await world.end();
      world.logs.close();
      world.store.close();
      await bench.dispose();
    });
    return world;
  }

  /** A release whose app.json has these jobs becomes current. */
  deploy(...entries: Entry[]): void {
    const { store, app } = this;
    const id = newId();
    store.transaction(() => {
      store.slugs.insert({
        id,
        appId: app.id,
        contentKey: id,
        artifact: this.bench.artifact,
        processTypes: {},
        launchEnv: {},
        launchPath: [],
        healthchecks: null,
        checksum: 'SHA256:0',
        commit: null,
        planner: 'procfile',
        size: 1,
        createdAt: 0,
      });
      store.cronJobs.putOfSlug(id, cronJobsOf(entries));
      store.releases.insert({
        id: `release-${id}`,
        appId: app.id,
        description: 'Deploy',
        userEmail: 'ada',
        slugId: id,
        config: { OUT: this.path },
        bindings: [],
        processTypes: {},
        status: 'succeeded',
        outputSecret: null,
        createdAt: 0,
      });
      store.apps.setCurrentRelease(app.id, `release-${id}`, this.clock.now());
    });
    this.cron.loop.wake(app.id);
  }

  /** Where the jobs write what they do. */
  get path(): string {
    return join(this.bench.home, 'out', 'file');
  }
  written(): string[] {
    return existsSync(this.path) ? readFileSync(this.path, 'utf8').trim().split('\n') : [];
  }

  get job() {
    const [job] = this.cron.jobs.list(this.app);
    if (!job) throw new Error('a job was deployed');
    return job;
  }
  runs(): CronRunRecord[] {
    return this.cron.jobs.runs(this.app, null);
  }
  runNow(): CronRunRecord {
    return this.cron.jobs.run(this.app, this.job.id);
  }

  async printed(dyno: string): Promise<string[]> {
    const { logs, app } = this;
    const after = await logs.seek(app.id, { dyno }, 100);
    const texts: string[] = [];
    for await (const line of logs.read(app.id, { dyno }, after, logs.newest(app.id)))
      if ('text' in line) texts.push(line.text);
    return texts;
  }

  /** Time goes on to the job's next time. */
  nextTime(): void {
    this.ahead += (this.job.nextRunAt ?? 0) - this.clock.now() + 1;
    this.cron.loop.wake(this.app.id);
  }

  /** Nothing more is observed, noted or begun. */
  dies(): Promise<void> {
    return this.end();
  }
  comesBack(): void {
    ({ cron: this.cron, end: this.end } = this.stages());
  }

  private stages(): { cron: CronStage; end: () => Promise<void> } {
    const { store, logs } = this;
    const engine = new Engines([this.bench.engine], logger);
    const collector = new Collector({ engine, logs, clock: systemClock, logger });
    const run = createRunStage({
      store,
      engine,
      clock: systemClock,
      logger,
      logs,
      collector,
      router: {
        publish: () => Promise.resolve(),
        inFlight: () => Promise.resolve({ requests: new Map(), upgraded: new Map() }),
      },
      timeouts: { bootMs: 60_000, exitMs: 30_000, releaseMs: 60_000 },
      appIsEmpty: () => Promise.resolve(),
      isAwaited: (dyno) => cron.isAwaited(dyno),
      settled: (appId) => cron.loop.wake(appId),
    });
    const notify = (appId: string): void => run.loop.notify(appId);
    const cron: CronStage = createCronStage({
      store,
      clock: this.clock,
      logger,
      logs,
      notify,
      inHand: run.inHand,
    });
    run.adopt();
    run.loop.start();
    cron.loop.start();
    const end = async (): Promise<void> => {
      await cron.loop.stop();
      await run.stop();
      run.letGo();
      await collector.stop();
    };
    return { cron, end };
  }
}

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, PATIENCE);
const JOB: Entry = { command: 'echo done | tee -a "$OUT"', schedule: '0 * * * *' };
/** Runs until it is told to go on, or to end. */
const LONG: Entry = {
  command:
    'trap "echo ended >> $OUT; exit 9" TERM; echo begun >> "$OUT"; until [ -e "$OUT.go" ]; do sleep 0.05; done; exit 4',
  schedule: '0 * * * *',
};

it('runs a job when a user says so, with its output in the log and its end in the history', async () => {
  const world = await World.open();
  world.deploy(JOB);
  const { id } = world.runNow();
  await eventually(() =>
    expect(world.store.cronRuns.find(id)).toMatchObject({ status: 'succeeded', exitCode: 0 }),
  );
  const run = world.cron.jobs.findRun(world.app, id);
  expect(run).toMatchObject({ scheduledAt: null, releaseVersion: 2, reason: null });
  expect(run.dyno).toMatch(/^scheduler\.\d{4}$/);
  const texts = await world.printed(run.dyno ?? '');
  expect(texts).toContain('done');
  expect(texts).toContain('Process exited with status 0');
  await eventually(() => expect(world.store.dynos.list(world.app.id)).toEqual([]));
}, 60_000);

it('runs a job when its time has come, once, and not while it is suspended, whatever is deployed meanwhile', async () => {
  const world = await World.open();
  world.deploy(JOB);
  await eventually(() => expect(world.store.cronJobs.states(world.app.id)).toHaveLength(1));
  world.nextTime();
  await eventually(() => expect(world.runs()).toMatchObject([{ status: 'succeeded' }]));
  world.cron.jobs.suspend(world.app, world.job.id);
  world.deploy(JOB);
  expect(world.job).toMatchObject({ nextRunAt: null });
  world.cron.jobs.resume(world.app, world.job.id);
  await eventually(() => expect(world.store.cronJobs.states(world.app.id)[0]?.settledUntil).not.toBeNull());
  world.nextTime();
  await eventually(() =>
    expect(world.runs().map(({ status }) => status)).toEqual(['succeeded', 'succeeded']),
  );
  expect(world.written()).toEqual(['done', 'done']);
}, 60_000);

it('neither doubles nor kills a run by a deploy, and forbids a second one beside it', async () => {
  const world = await World.open();
  const job = { ...LONG, concurrency_policy: 'forbid' } as const;
  world.deploy(job);
  const { id } = world.runNow();
  await eventually(() => expect(world.written()).toEqual(['begun']));
  world.deploy(job);
  world.nextTime();
  const { dyno } = world.cron.jobs.findRun(world.app, id);
  await eventually(() =>
    expect(world.runs()[0]).toMatchObject({
      status: 'skipped',
      reason: `${dyno ?? ''} of the job is still running`,
    }),
  );
  expect(() => world.runNow()).toThrow('Nothing was started');
  // Without the job the run ends in peace all the same.
  world.deploy();
  writeFileSync(`${world.path}.go`, '');
  await eventually(() =>
    expect(world.store.cronRuns.find(id)).toMatchObject({
      status: 'failed',
      exitCode: 4,
      reason: 'exited with status 4',
      releaseVersion: 2,
    }),
  );
  expect(world.written()).toEqual(['begun']);
}, 60_000);

it('replaces a run: the old one is told to end, and only then the new one begins', async () => {
  const world = await World.open();
  world.deploy({ ...LONG, concurrency_policy: 'replace' });
  const { id } = world.runNow();
  await eventually(() => expect(world.written()).toEqual(['begun']));
  const next = world.runNow();
  await eventually(() => expect(world.written()).toEqual(['begun', 'ended', 'begun']));
  expect(world.store.cronRuns.find(id)).toMatchObject({
    status: 'stopped',
    exitCode: 9,
    reason: 'a newer run of the job replaces it',
  });
  expect(world.store.cronRuns.find(next.id)).toMatchObject({ status: 'running' });
}, 60_000);

it('notes the end of a run that ended while no tfkd was there, and runs what it missed once', async () => {
  const world = await World.open();
  world.deploy(LONG);
  const { id } = world.runNow();
  await eventually(() => expect(world.written()).toEqual(['begun']));
  await world.dies();
  writeFileSync(`${world.path}.go`, '');
  world.nextTime();
  world.comesBack();
  await eventually(() =>
    expect(world.store.cronRuns.find(id)).toMatchObject({ status: 'failed', exitCode: 4 }),
  );
  await eventually(() =>
    expect(world.runs().map(({ status, scheduledAt }) => [status, scheduledAt === null])).toEqual([
      ['failed', false],
      ['failed', true],
    ]),
  );
  expect(world.written()).toEqual(['begun', 'begun']);
  expect(world.runs()[0]?.scheduledAt).toBeGreaterThan(Date.now() - MINUTE);
}, 60_000);
