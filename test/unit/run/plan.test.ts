import { describe, expect, it } from 'vitest';
import { DEADLINES, nextDeadline, planApp } from '../../../daemon/run/reconcile/plan.js';
import type { AppSnapshot } from '../../../daemon/run/reconcile/snapshot.js';
import { describeStep } from '../../../daemon/run/reconcile/steps.js';
import { aSnapshot, aView } from '../../support/snapshots.js';

const steps = (snapshot: AppSnapshot): string[] => planApp(snapshot, DEADLINES).map(describeStep);
const exited = { kind: 'exited', exit: { code: 1, outOfMemory: false, at: 900 } } as const;

describe('the plan for an app at rest', () => {
  it('has no step when every dyno is as wanted', () => {
    expect(steps(aSnapshot({ dynos: [aView()] }))).toEqual([]);
  });

  it('starts what is missing', () => {
    const formation = [{ type: 'web', quantity: 2, size: 'Standard-1X' }];
    expect(steps(aSnapshot({ formation, dynos: [aView()] }))).toEqual(['start web.2']);
  });

  it('starts nothing of an app without code', () => {
    expect(steps(aSnapshot({ release: null }))).toEqual([]);
  });

  it('never runs the release type', () => {
    const release = { id: 'r1', version: 1, processTypes: { release: 'npm run migrate' } };
    const formation = [{ type: 'release', quantity: 1, size: 'Standard-1X' }];
    expect(steps(aSnapshot({ release, formation }))).toEqual([]);
  });
});

describe('what nobody can tell of', () => {
  const unknown = { kind: 'unknown', reason: 'the engine is away' } as const;
  const release = aView({
    name: 'release.1',
    kind: 'release',
    state: 'starting',
    handle: null,
    createdAt: 0,
  });
  const away = (now: number) =>
    aSnapshot({
      now,
      formation: [],
      unreachable: 'the engine is away',
      dynos: [{ ...release, observed: unknown }],
    });

  it('is not told to stop: it would not hear', () => {
    const dynos = [aView({ name: 'worker.1' }, { observed: unknown })];
    expect(steps(aSnapshot({ formation: [], dynos }))).toEqual([]);
    expect(steps(aSnapshot({ formation: [], dynos: [aView({ name: 'worker.1' })] }))).toEqual([
      'stop worker.1 (v1): no such process type in the current release',
    ]);
  });

  it('is given up where a release waits for it, after a minute', () => {
    expect(steps(away(59_999))).toEqual([]);
    expect(steps(away(60_000))).toEqual(['give-up release.1 (v1): the engine is away']);
  });

  it('is given up at its time limit where it was running', () => {
    const dyno = aView({ name: 'release.1', kind: 'release', createdAt: 0, timeLimitMs: 90_000 });
    const snapshot = { ...away(89_999), dynos: [{ ...dyno, observed: unknown }] };
    expect(steps(snapshot)).toEqual([]);
    expect(steps({ ...snapshot, now: 90_000 })).toEqual(['give-up release.1 (v1): the engine is away']);
  });

  it('keeps a destroyed app until its engines have nothing of it, and say so', () => {
    const destroyed = aSnapshot({ destroyed: true, formation: [] });
    expect(steps(destroyed)).toEqual(['forget the app']);
    expect(steps({ ...destroyed, remaining: 1 })).toEqual([]);
    expect(steps({ ...destroyed, unreachable: 'the engine is away' })).toEqual([]);
  });
});

describe('the life of a dyno', () => {
  it('is up once it is ready', () => {
    expect(steps(aSnapshot({ dynos: [aView({ state: 'starting' }, { ready: true })] }))).toEqual([
      'mark-up web.1 (v1)',
    ]);
  });

  it('is not up before its check has passed, however long that takes within its time', () => {
    expect(steps(aSnapshot({ now: 59_999, dynos: [aView({ state: 'starting' })] }))).toEqual([]);
  });

  it('ends with R10 when it is not ready after a minute', () => {
    expect(steps(aSnapshot({ now: 60_000, dynos: [aView({ state: 'starting' })] }))).toEqual([
      'boot-timeout web.1 (v1)',
    ]);
  });

  it('is up after two seconds where there is nothing to check', () => {
    const release = { id: 'r1', version: 1, processTypes: { worker: 'node worker.js' } };
    const formation = [{ type: 'worker', quantity: 1, size: 'Standard-1X' }];
    const dynos = [aView({ name: 'worker.1', state: 'starting' })];
    expect(steps(aSnapshot({ release, formation, dynos, now: 1_999 }))).toEqual([]);
    expect(steps(aSnapshot({ release, formation, dynos, now: 2_000 }))).toEqual(['mark-up worker.1 (v1)']);
  });

  it('is restarted at once after its first crash, and later after its second', () => {
    const first = planApp(aSnapshot({ dynos: [aView({}, { observed: exited })] }), DEADLINES);
    expect(first).toMatchObject([{ action: 'crash', attempt: 1, nextStartAt: 1_000 }]);
    const second = planApp(aSnapshot({ dynos: [aView({ attempt: 1 }, { observed: exited })] }), DEADLINES);
    expect(second).toMatchObject([{ action: 'crash', attempt: 2, nextStartAt: 11_000 }]);
  });

  it('counts its crash as the first again when it was up for ten minutes', () => {
    const now = 700_000;
    const observed = { kind: 'exited', exit: { code: 1, outOfMemory: false, at: 600_000 } } as const;
    expect(
      planApp(aSnapshot({ now, dynos: [aView({ attempt: 5, readyAt: 0 }, { observed })] }), DEADLINES),
    ).toMatchObject([{ action: 'crash', attempt: 1, nextStartAt: now }]);
  });

  it('waits out its pause and then starts in its own place', () => {
    const dyno = aView(
      { state: 'crashed', attempt: 2, nextStartAt: 5_000 },
      { observed: { kind: 'absent' } },
    );
    expect(steps(aSnapshot({ now: 4_999, dynos: [dyno] }))).toEqual([]);
    expect(planApp(aSnapshot({ now: 5_000, dynos: [dyno] }), DEADLINES)).toMatchObject([
      { action: 'start', ordinal: 1, attempt: 2, replaces: dyno.record.instance },
    ]);
  });

  it('is left alone while nobody knows whether it lives', () => {
    const observed = { kind: 'unknown', reason: 'the engine does not answer' } as const;
    expect(steps(aSnapshot({ now: 1e9, dynos: [aView({}, { observed })] }))).toEqual([]);
  });

  it('is launched again when tfkd died between its row and its process', () => {
    const dynos = [aView({ state: 'starting', handle: null }, { observed: { kind: 'absent' } })];
    expect(steps(aSnapshot({ dynos }))).toEqual(['launch web.1 (v1)']);
  });

  it('of a scheduled job that ended before tfkd had noted its start is asked for by its end, also when it was to stop', () => {
    const exit = { code: 0, outOfMemory: false, at: 900 };
    const change = { name: 'scheduler.7', kind: 'release', state: 'starting', handle: null } as const;
    const dyno = aView(
      { ...change, stopReason: 'replaced' },
      { observed: { kind: 'exited', exit }, held: true },
    );
    expect(steps(aSnapshot({ formation: [], dynos: [dyno] }))).toEqual(['launch scheduler.7 (v1)']);
    const destroyed = aSnapshot({ formation: [], dynos: [dyno], destroyed: true, remaining: 1 });
    expect(planApp(destroyed, DEADLINES)).toMatchObject([{ action: 'forget' }]);
  });

  it('that may never have reached its command is not asked for where it was to stop: that would begin it', () => {
    const exit = { code: null, outOfMemory: false, at: 900 };
    const change = { name: 'scheduler.7', kind: 'release', state: 'starting', handle: null } as const;
    const after = (stopReason: string | null) => {
      const dyno = aView({ ...change, stopReason }, { observed: { kind: 'exited', exit }, held: true });
      return steps(aSnapshot({ formation: [], dynos: [dyno] }));
    };
    expect(after('replaced')).toEqual(['forget scheduler.7 (v1)']);
    expect(after(null)).toEqual(['launch scheduler.7 (v1)']);
  });

  it('is killed when it does not exit in its time', () => {
    const dynos = [aView({ state: 'stopping', stopReason: 'scaled down', stateSince: 0 })];
    const formation = [{ type: 'web', quantity: 0, size: 'Standard-1X' }];
    expect(steps(aSnapshot({ formation, dynos, now: 29_999 }))).toEqual([]);
    expect(steps(aSnapshot({ formation, dynos, now: 30_000 }))).toEqual(['kill web.1 (v1)']);
  });
});

describe('draining', () => {
  const draining = (change: object) =>
    aSnapshot({
      formation: [{ type: 'web', quantity: 0, size: 'Standard-1X' }],
      dynos: [aView({ state: 'draining', stopReason: 'scaled down', stateSince: 900 }, change)],
    });

  it('ends with SIGTERM when the router knows and nothing is under way', () => {
    expect(steps(draining({ routed: 'draining', inFlight: 0 }))).toEqual(['stop web.1 (v1): scaled down']);
  });

  it('goes on while a request is under way', () => {
    expect(steps(draining({ routed: 'draining', inFlight: 1 }))).toEqual([]);
  });

  it('goes on while a WebSocket is open', () => {
    expect(steps(draining({ routed: 'draining', inFlight: 0, upgraded: 1 }))).toEqual([]);
  });

  it('never ends while a router worker may still send requests there', () => {
    expect(steps({ ...draining({ routed: 'serving', inFlight: 0 }), now: 1e9 })).toEqual([]);
  });

  it('never ends while the router does not say how much is under way', () => {
    expect(steps({ ...draining({ routed: 'draining', inFlight: null }), now: 1e9 })).toEqual([]);
  });

  it('ends at its deadline all the same', () => {
    expect(steps({ ...draining({ routed: 'draining', inFlight: 3 }), now: 30_900 })).toEqual([
      'stop web.1 (v1): scaled down',
    ]);
  });
});

describe('one-off dynos', () => {
  const oneOff = { name: 'run.1234', kind: 'one-off', type: 'run' } as const;
  const app = (dynos: AppSnapshot['dynos'], now = 1_000) => aSnapshot({ formation: [], dynos, now });

  it('end when they exit, and are forgotten once nobody waits for them', () => {
    expect(steps(app([aView(oneOff, { observed: exited })]))).toEqual(['complete run.1234 (v1)']);
    const complete = { ...oneOff, state: 'complete', handle: null } as const;
    expect(steps(app([aView(complete, { observed: { kind: 'absent' }, held: true })]))).toEqual([]);
    expect(steps(app([aView(complete, { observed: { kind: 'absent' } })]))).toEqual(['forget run.1234 (v1)']);
  });

  it('are kept after their end until their client has read their output', () => {
    const attached = { ...oneOff, attached: true };
    expect(steps(app([aView(attached, { observed: exited, held: true })]))).toEqual([]);
    expect(steps(app([aView(attached, { observed: exited })]))).toEqual(['complete run.1234 (v1)']);
  });

  it('are stopped when their client is gone', () => {
    expect(steps(app([aView({ ...oneOff, attached: true })]))).toEqual([
      'stop run.1234 (v1): its client is gone',
    ]);
    expect(steps(app([aView({ ...oneOff, attached: true }, { held: true })]))).toEqual([]);
  });

  it('are stopped at their time limit, which begins when they do', () => {
    const waited = { ...oneOff, createdAt: 0, readyAt: 30_000, timeLimitMs: 60_000 };
    expect(steps(app([aView(waited)], 89_999))).toEqual([]);
    expect(steps(app([aView(waited)], 90_000))).toEqual(['stop run.1234 (v1): time limit']);
    const begun = { ...waited, state: 'starting', stateSince: 30_000, readyAt: null } as const;
    expect(steps(app([aView(begun)], 89_999))).toEqual(['mark-up run.1234 (v1)']);
  });

  it('have one deadline when they are stopped already, not two', () => {
    const stopping = { ...oneOff, state: 'stopping', stateSince: 70_000, timeLimitMs: 60_000 } as const;
    const snapshot = app([aView({ ...stopping, createdAt: 0, readyAt: 0 })], 71_000);
    expect(nextDeadline(snapshot, DEADLINES)).toBe(100_000);
  });

  it('are not touched by a new release', () => {
    expect(steps(app([aView({ ...oneOff, releaseId: 'r0' })]))).toEqual([]);
  });
});

describe('taking an app down', () => {
  it('drains what serves, stops the rest, and forgets the app when nothing is left', () => {
    const worker = aView({ name: 'worker.1' });
    expect(steps(aSnapshot({ destroyed: true, dynos: [aView(), worker] }))).toEqual([
      'drain web.1 (v1): no such process type in the current release',
      'stop worker.1 (v1): no such process type in the current release',
    ]);
    expect(steps(aSnapshot({ destroyed: true }))).toEqual(['forget the app']);
  });

  it('removes what the store knows nothing of', () => {
    const stray = {
      handle: { engine: 'fake', version: 1, instance: 'x', address: null, data: {} },
      labels: { appId: 'app', dyno: 'web.9', releaseVersion: 1 },
      state: { kind: 'running' },
    } as const;
    expect(steps(aSnapshot({ dynos: [aView()], strays: [stray] }))).toEqual(['remove stray web.9']);
  });
});

describe('the next deadline', () => {
  it('is none when only an event can change anything', () => {
    expect(nextDeadline(aSnapshot({ dynos: [aView()] }), DEADLINES)).toBeNull();
  });

  it('is the earliest of all dynos', () => {
    const dynos = [
      aView({ state: 'starting', stateSince: 500 }),
      aView({ name: 'web.2', state: 'crashed', nextStartAt: 9_000 }, { observed: { kind: 'absent' } }),
    ];
    expect(nextDeadline(aSnapshot({ dynos }), DEADLINES)).toBe(9_000);
  });
});
