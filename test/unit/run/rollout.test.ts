import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEADLINES, planApp } from '../../../daemon/run/reconcile/plan.js';
import type { AppSnapshot, DynoView } from '../../../daemon/run/reconcile/snapshot.js';
import type { Step } from '../../../daemon/run/reconcile/steps.js';
import { aDyno, aSnapshot, aView } from '../../support/snapshots.js';

/** A world in which steps have their effect at once, and dynos of `bad` releases crash instead of getting ready. */
class World {
  now = 0;
  dynos: DynoView[] = [];
  private count = 0;

  constructor(
    private app: Omit<AppSnapshot, 'now' | 'dynos'>,
    private readonly bad: ReadonlySet<string> = new Set(),
  ) {}

  snapshot(): AppSnapshot {
    return { ...this.app, now: this.now, dynos: this.dynos };
  }

  turn(preboot: boolean): void {
    this.app = { ...this.app, preboot };
  }

  /** One pass of the reconciler; answers what it did. Time goes on, requests finish, processes exit when told. */
  pass(check: (world: World, step: Step) => void = () => undefined): Step[] {
    const steps = planApp(this.snapshot(), DEADLINES);
    for (const step of steps) {
      this.apply(step);
      check(this, step);
    }
    this.now += 2_500;
    this.dynos = this.dynos.map((dyno) => this.age(dyno));
    return steps;
  }

  running(type: string): DynoView[] {
    return this.dynos.filter((dyno) => dyno.record.type === type && dyno.observed.kind === 'running');
  }

  serving(): DynoView[] {
    return this.running('web').filter((dyno) => dyno.record.state === 'up');
  }

  private apply(step: Step): void {
    if (step.action === 'start') {
      if (step.replaces !== null) this.remove(step.replaces);
      const name = `${step.type}.${step.ordinal}`;
      this.dynos.push(
        aView({
          ...step,
          name,
          instance: `i${this.count++}`,
          state: 'starting',
          stateSince: this.now,
          readyAt: null,
        }),
      );
      return;
    }
    if (!('dyno' in step)) return;
    const { instance } = step.dyno;
    if (step.action === 'mark-up')
      this.change(instance, { state: 'up', stateSince: this.now, readyAt: this.now });
    if (step.action === 'drain')
      this.change(instance, { state: 'draining', stateSince: this.now, stopReason: step.reason });
    if (step.action === 'stop')
      this.change(instance, { state: 'stopping', stateSince: this.now, stopReason: step.reason });
    if (step.action === 'crash') {
      this.change(
        instance,
        { state: 'crashed', attempt: step.attempt, nextStartAt: step.nextStartAt, handle: null },
        { observed: { kind: 'absent' } },
      );
    }
    if (step.action === 'forget') this.remove(instance);
  }

  private age(dyno: DynoView): DynoView {
    const { state, releaseId } = dyno.record;
    const exit = { kind: 'exited', exit: { code: 1, outOfMemory: false, at: this.now } } as const;
    if (state === 'starting')
      return this.bad.has(releaseId) ? { ...dyno, observed: exit } : { ...dyno, ready: true };
    if (state === 'draining') return { ...dyno, routed: 'draining' };
    if (state === 'stopping') return { ...dyno, observed: exit };
    return dyno;
  }

  private change(instance: string, record: Partial<DynoView['record']>, view: Partial<DynoView> = {}): void {
    this.dynos = this.dynos.map((dyno) =>
      dyno.record.instance === instance
        ? { ...dyno, ...view, record: aDyno({ ...dyno.record, ...record }) }
        : dyno,
    );
  }

  private remove(instance: string): void {
    this.dynos = this.dynos.filter((dyno) => dyno.record.instance !== instance);
  }
}

const quantities = fc.record({ web: fc.integer({ min: 0, max: 6 }), worker: fc.integer({ min: 0, max: 4 }) });
const processTypes = { web: 'node web.js', worker: 'node worker.js' };

function worldOf(
  from: { web: number; worker: number },
  to: { web: number; worker: number },
  bad: string[] = [],
): World {
  const formation = (['web', 'worker'] as const).map((type) => ({
    type,
    quantity: to[type],
    size: 'Standard-1X',
  }));
  const world = new World(
    { ...aSnapshot(), formation, release: { id: 'r2', version: 2, processTypes } },
    new Set(bad),
  );
  for (const type of ['web', 'worker'] as const) {
    for (let ordinal = 1; ordinal <= from[type]; ordinal++) {
      world.dynos.push(
        aView(
          { name: `${type}.${ordinal}`, instance: `old-${type}-${ordinal}`, releaseId: 'r1' },
          { routed: 'serving' },
        ),
      );
    }
  }
  return world;
}

const PASSES = 200;

describe('a rollout, whatever the formation was and is', () => {
  it('comes to an end, with exactly the wanted dynos of the new release', () => {
    fc.assert(
      fc.property(quantities, quantities, (from, to) => {
        const world = worldOf(from, to);
        expect(settle(world)).toBeLessThan(PASSES);
        expectArrived(world, to);
      }),
    );
  });

  it('never serves with fewer web dynos than before or after, whichever is less', () => {
    fc.assert(
      fc.property(quantities, quantities, (from, to) => {
        const world = worldOf(from, to);
        const least = Math.min(from.web, to.web);
        for (let pass = 0; pass < PASSES; pass++) {
          const steps = world.pass((now) => expect(now.serving().length).toBeGreaterThanOrEqual(least));
          if (steps.length === 0) return;
        }
      }),
    );
  });

  it('never runs two workers of one slot at once', () => {
    fc.assert(
      fc.property(quantities, quantities, (from, to) => {
        const world = worldOf(from, to);
        for (let pass = 0; pass < PASSES; pass++) {
          const steps = world.pass((now) => {
            const names = now.running('worker').map((dyno) => dyno.record.name);
            expect(new Set(names).size).toBe(names.length);
          });
          if (steps.length === 0) return;
        }
      }),
    );
  });

  it('keeps every old web dyno when the new release cannot boot, and tries no more than its window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), (web) => {
        const world = worldOf({ web, worker: 0 }, { web, worker: 0 }, ['r2']);
        for (let pass = 0; pass < 60; pass++) {
          world.pass((now) => {
            expect(now.serving().filter((dyno) => dyno.record.releaseId === 'r1')).toHaveLength(web);
            const tried = now.dynos.filter((dyno) => dyno.record.releaseId === 'r2');
            expect(tried.length).toBeLessThanOrEqual(Math.max(1, Math.ceil(web / 4)));
          });
        }
      }),
    );
  });
});

/** Passes until there is nothing left to do, whatever is done between them; answers how many that took. */
function settle(
  world: World,
  check?: (world: World, step: Step) => void,
  between: (pass: number) => void = () => undefined,
): number {
  for (let pass = 0; pass < PASSES; pass++) {
    if (world.pass(check).length === 0) return pass;
    between(pass);
  }
  return PASSES;
}

/** That all is as wanted: exactly the dynos of the new release, all up. */
function expectArrived(world: World, to: { web: number; worker: number }): void {
  const names = world.dynos.map(({ record }) => `${record.name} ${record.releaseId} ${record.state}`);
  const wanted = (['web', 'worker'] as const).flatMap((type) =>
    Array.from({ length: to[type] }, (_, index) => `${type}.${index + 1} r2 up`),
  );
  expect(names.sort()).toEqual(wanted.sort());
}

describe('a rollout without preboot', () => {
  it('comes to an end too, and never runs two web dynos of one slot at once', () => {
    fc.assert(
      fc.property(quantities, quantities, (from, to) => {
        const world = worldOf(from, to);
        world.turn(false);
        const passes = settle(world, (now) => {
          const names = now.running('web').map(({ record }) => record.name);
          expect(new Set(names).size).toBe(names.length);
        });
        expect(passes).toBeLessThan(PASSES);
        expectArrived(world, to);
      }),
    );
  });

  it('never runs web dynos of two releases at once, where their number stays', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), (web) => {
        const world = worldOf({ web, worker: 0 }, { web, worker: 0 });
        world.turn(false);
        settle(world, (now) => {
          expect(new Set(now.running('web').map(({ record }) => record.releaseId)).size).toBeLessThan(2);
        });
        expectArrived(world, { web, worker: 0 });
      }),
    );
  });

  it('ends a web dyno as carefully as ever: by draining, and not before its requests are done', () => {
    const old = aView({ releaseId: 'r0' }, { routed: 'serving' });
    expect(planApp(aSnapshot({ preboot: false, dynos: [old] }), DEADLINES)).toMatchObject([
      { action: 'drain', dyno: { instance: old.record.instance }, reason: 'replaced' },
    ]);
    const draining = aView(
      { releaseId: 'r0', state: 'draining', stateSince: 900 },
      { routed: 'draining', inFlight: 1 },
    );
    expect(planApp(aSnapshot({ preboot: false, dynos: [draining] }), DEADLINES)).toEqual([]);
  });

  it('leaves no old web dyno when the new release cannot boot', () => {
    const world = worldOf({ web: 2, worker: 0 }, { web: 2, worker: 0 }, ['r2']);
    world.turn(false);
    for (let pass = 0; pass < 20; pass++) world.pass();
    expect(world.serving()).toEqual([]);
    expect(world.dynos.map(({ record }) => record.releaseId)).toEqual(['r2', 'r2']);
  });
});

describe('preboot that is turned on and off while a rollout is under way', () => {
  it('never keeps it from its end', () => {
    const turns = fc.array(fc.boolean(), { maxLength: 12 });
    fc.assert(
      fc.property(quantities, quantities, turns, (from, to, wanted) => {
        const world = worldOf(from, to);
        const passes = settle(world, undefined, (pass) => world.turn(wanted[pass] ?? pass % 2 === 0));
        expect(passes).toBeLessThan(PASSES);
        expectArrived(world, to);
      }),
    );
  });

  it('changes nothing for the other types', () => {
    fc.assert(
      fc.property(quantities, quantities, fc.boolean(), (from, to, preboot) => {
        const world = worldOf({ ...from, web: 0 }, { ...to, web: 0 });
        world.turn(preboot);
        settle(world, (now) => {
          const names = now.running('worker').map(({ record }) => record.name);
          expect(new Set(names).size).toBe(names.length);
        });
        expectArrived(world, { ...to, web: 0 });
      }),
    );
  });
});

describe('a restart by hand', () => {
  it('replaces a web dyno start-first', () => {
    const dynos = [aView({ stopReason: 'restarted' }, { routed: 'serving' })];
    expect(planApp(aSnapshot({ dynos }), DEADLINES)).toMatchObject([{ action: 'start', ordinal: 1 }]);
    const fresh = aView({ instance: 'fresh' });
    expect(planApp(aSnapshot({ dynos: [...dynos, fresh] }), DEADLINES)).toMatchObject([
      { action: 'drain', dyno: { instance: 'web.1-r1' }, reason: 'restarted' },
    ]);
  });

  it('starts a crashed dyno at once and forgets its past crashes', () => {
    const dynos = [
      aView(
        { state: 'crashed', stopReason: 'restarted', attempt: 7, nextStartAt: 1e9, handle: null },
        { observed: { kind: 'absent' } },
      ),
    ];
    expect(planApp(aSnapshot({ dynos }), DEADLINES)).toMatchObject([
      { action: 'forget' },
      { action: 'start', attempt: 0, replaces: null },
    ]);
  });
});

describe('a change of size', () => {
  it('replaces the dynos of the type', () => {
    const formation = [{ type: 'web', quantity: 1, size: 'Standard-2X' }];
    expect(planApp(aSnapshot({ formation, dynos: [aView()] }), DEADLINES)).toMatchObject([
      { action: 'start', size: 'Standard-2X' },
    ]);
  });
});
