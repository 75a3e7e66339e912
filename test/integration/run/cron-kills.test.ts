import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cronJobsOf } from '../../../buildpacks/cron.js';
import type { DynoExit } from '../../../daemon/engines/engine.js';
import { Engines } from '../../../daemon/engines/engines.js';
import { Collector } from '../../../daemon/logs/collector.js';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { createCronStage, type CronStage } from '../../../daemon/main/cron-stage.js';
import { createRunStage } from '../../../daemon/main/run-stage.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { CronJobRecord } from '../../../daemon/store/cron-jobs.js';
import type { CronRunRecord } from '../../../daemon/store/cron-runs.js';
import { Store } from '../../../daemon/store/store.js';
import { createFakeEngine, type FakeDyno } from '../../support/fake-engine.js';
import { KillSwitch } from '../../support/kill-switch.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 5, 1, 12);
const RUNS_FOR = 1.2 * MINUTE;
const logger = createLogger('silent', 'test');

type Policy = CronJobRecord['concurrencyPolicy'];

/** A home with an app of three releases; opening it anew would take as long as all that is tested. */
let template: string;
let appId: string;

beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  const store = Store.open(template);
  appId = new Apps(store, systemClock, () => undefined, 'fake').create({ name: 'shop', actor: 'ada' }).id;
  for (const id of ['with', 'again', 'without']) insertRelease(store, id);
  store.close();
});
afterAll(() => rmSync(template, { recursive: true }));

function insertRelease(store: Store, id: string): void {
  const shared = { id, appId, createdAt: NOON, processTypes: {} };
  store.transaction(() => {
    store.slugs.insert({
      ...shared,
      contentKey: id,
      artifact: { engine: 'fake', id, size: 1 },
      launchEnv: {},
      launchPath: [],
      healthchecks: null,
      checksum: 'SHA256:0',
      commit: null,
      planner: 'procfile',
      size: 1,
    });
    store.releases.insert({
      ...shared,
      description: 'Deploy',
      userEmail: 'ada',
      slugId: id,
      config: {},
      bindings: [],
      status: 'succeeded',
      outputSecret: null,
    });
  });
}

/** Some minutes of an app with a job at each of them that takes longer than one, in which tfkd is killed once. */
class World {
  readonly home = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  readonly clock = new VirtualClock(NOON);
  readonly dynos = new Map<string, FakeDyno>();
  /** From when to when no tfkd was there. */
  down: { readonly from: number; readonly to: number } | null = null;
  private readonly engine = createFakeEngine(this.clock, { behaviour: () => ({ runForMs: RUNS_FOR }) });
  private readonly logs: LogStore;
  private readonly users: Store;
  private cron: CronStage;
  private end: () => Promise<void>;

  constructor(
    policy: Policy,
    private kill: KillSwitch,
    private readonly downForMs: number,
  ) {
    const { home, clock } = this;
    for (const file of ['tfk.db', 'secret.key']) copyFileSync(join(template, file), join(home, file));
    mkdirSync(join(home, 'run'));
    this.logs = new LogStore({ folder: join(home, 'logs'), clock, logger });
    this.engine.watch(() => {
      for (const dyno of this.engine.dynos) this.dynos.set(dyno.spec.instance, dyno);
    });
    this.users = Store.open(home);
    const jobs = cronJobsOf([{ command: 'work', schedule: '* * * * *', concurrency_policy: policy }]);
    for (const slug of ['with', 'again']) this.users.cronJobs.putOfSlug(slug, jobs);
    this.users.apps.setCurrentRelease(appId, 'with', NOON);
    ({ cron: this.cron, end: this.end } = this.tfkd());
  }

  /** The app is deployed anew, and then without the job. */
  async live(): Promise<void> {
    await this.passUntil(1.5);
    this.deploy('again');
    await this.passUntil(2.7);
    this.deploy('without');
    await this.passUntil(7);
  }

  history(): CronRunRecord[] {
    return this.users.cronRuns.list(appId).reverse();
  }
  rows(): number {
    return this.users.dynos.list(appId).length;
  }
  left(): number {
    return this.engine.dynos.length;
  }

  async close(): Promise<void> {
    await this.end();
    this.users.close();
    this.logs.close();
    rmSync(this.home, { recursive: true });
  }

  private deploy(release: string): void {
    this.users.apps.setCurrentRelease(appId, release, this.clock.now());
    this.cron.loop.wake(appId);
  }

  private async passUntil(minute: number): Promise<void> {
    const moment = NOON + minute * MINUTE;
    await this.clock.passUntil(moment, () => this.kill.killed);
    if (!this.kill.killed) return;
    await this.end();
    const from = this.clock.now();
    this.kill = new KillSwitch();
    await this.clock.passUntil(from + this.downForMs);
    this.down = { from, to: this.clock.now() };
    ({ cron: this.cron, end: this.end } = this.tfkd());
    // Nothing is deployed in the first moment of a tfkd.
    await this.clock.passUntil(Math.max(moment, this.clock.now() + 1000));
  }

  private tfkd(): { cron: CronStage; end: () => Promise<void> } {
    const { clock, logs, kill } = this;
    const store = kill.watchStore(Store.open(this.home));
    const engine = new Engines([kill.watch(this.engine, ['start', 'signal', 'remove'])], logger);
    const collector = new Collector({ engine, logs, clock, logger });
    const run = createRunStage({
      ...{ store, engine, clock, logger, logs, collector },
      router: {
        publish: () => Promise.resolve(),
        inFlight: () => Promise.resolve({ requests: new Map(), upgraded: new Map() }),
      },
      timeouts: { bootMs: 60_000, exitMs: 30_000, releaseMs: 60_000 },
      appIsEmpty: () => Promise.resolve(),
      isAwaited: (dyno) => cron.isAwaited(dyno),
      settled: (id) => cron.loop.wake(id),
    });
    const notify = (id: string): void => run.loop.notify(id);
    const cron: CronStage = createCronStage({ store, clock, logger, logs, notify, inHand: run.inHand });
    run.adopt();
    run.loop.start();
    cron.loop.start();
    const end = async (): Promise<void> => {
      await cron.loop.stop();
      await run.stop();
      run.letGo();
      await collector.stop();
      store.close();
    };
    return { cron, end };
  }
}

async function lived(policy: Policy, after: number, downForMs: number) {
  const kill = new KillSwitch(after);
  const world = new World(policy, kill, downForMs);
  await world.live();
  const facts = {
    history: world.history(),
    dynos: [...world.dynos.values()],
    rows: world.rows(),
    left: world.left(),
    down: world.down,
    killed: kill.killed,
    effects: kill.effects,
  };
  await world.close();
  return facts;
}
type Facts = Awaited<ReturnType<typeof lived>>;

const minuteOf = (time: number | null): number | null => time && (time - NOON) / MINUTE;
const timeline = ({ history }: Facts) =>
  history.map(({ scheduledAt, status }) => `${minuteOf(scheduledAt) ?? 'by hand'} ${status}`);
const exitOf = ({ state }: FakeDyno): DynoExit =>
  state.kind === 'exited' ? state.exit : { code: null, outOfMemory: false, at: Infinity };

function expectInOrder(facts: Facts, policy: Policy): void {
  const { history, dynos } = facts;
  // Over, all of it: no run that is under way for ever, and nothing left behind.
  expect(history.filter(({ endedAt }) => endedAt === null)).toEqual([]);
  expect([facts.rows, facts.left]).toEqual([0, 0]);

  // A dyno for each run that began, and one only; one that was replaced before that has none.
  const begun = history.filter(({ reason }) => reason !== 'it was stopped before it began');
  const instances = begun.flatMap(({ instance }) => instance ?? []);
  expect(new Set(instances).size).toBe(instances.length);
  expect(dynos.map(({ spec }) => spec.instance).sort()).toEqual([...instances].sort());
  expect(policy === 'replace' || begun.length === history.length).toBe(true);

  // What is told of a run is what its dyno did; a deploy ended none of them.
  for (const dyno of dynos) {
    const run = history.find(({ instance }) => instance === dyno.spec.instance);
    const replaced = dyno.signals.length > 0;
    expect(replaced && policy !== 'replace').toBe(false);
    expect(run?.exitCode).toBe(exitOf(dyno).code);
    // One that ended by itself just when it was to be replaced may be called either.
    if (policy !== 'replace') expect(run?.status).toBe('succeeded');
    if (!replaced) expect(exitOf(dyno).at - dyno.startedAt).toBe(RUNS_FOR);
  }
  if (policy !== 'allow') {
    const inOrder = [...dynos].sort((one, other) => one.startedAt - other.startedAt);
    inOrder.slice(1).forEach((dyno, index) => {
      expect(dyno.startedAt).toBeGreaterThanOrEqual(exitOf(inOrder[index] as FakeDyno).at);
    });
  }

  // Each time of the schedule is there once; or tfkd was away then, and a later one made up for it.
  const times = history.map(({ scheduledAt }) => scheduledAt ?? 0);
  expect(new Set(times).size).toBe(times.length);
  const { from, to } = facts.down ?? { from: 0, to: 0 };
  for (const slot of [NOON + MINUTE, NOON + 2 * MINUTE]) {
    // It looks a moment after the time, and may be killed in between.
    const missed = slot >= from - 1000;
    const madeUpFor = missed && times.some((time) => time > slot && time <= to);
    expect(times.includes(slot) || madeUpFor, `the run of 12:${(slot - NOON) / MINUTE}`).toBe(true);
  }
}

describe.each([
  ['allow', ['1 succeeded', '2 succeeded']],
  ['forbid', ['1 succeeded', '2 skipped']],
  ['replace', ['1 stopped', '2 succeeded']],
] as const)('a job with %s', (policy, whole) => {
  it('runs each time once, over deploys, where nothing is killed', async () => {
    const facts = await lived(policy, Infinity, 0);
    expect(timeline(facts)).toEqual(whole);
    expectInOrder(facts, policy);
  });

  it.each([0, 2.5])(
    'does so too wherever tfkd is killed and is away for %s minutes',
    async (minutes) => {
      for (let after = 0; ; after++) {
        const facts = await lived(policy, after, minutes * MINUTE);
        if (!facts.killed) break;
        const where = `killed after ${after} effects: ${facts.effects.slice(-2).join(', ')}`;
        try {
          expectInOrder(facts, policy);
        } catch (error) {
          throw new Error(`${where}\n${timeline(facts).join('\n')}`, { cause: error });
        }
      }
    },
    60_000,
  );
});
