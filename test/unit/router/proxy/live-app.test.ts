import { describe, expect, test } from 'vitest';
import type { Backend, RouteApp } from '../../../../daemon/router/control/protocol.js';
import { DEFAULT_LIMITS } from '../../../../daemon/router/limits.js';
import type { LiveBackend } from '../../../../daemon/router/proxy/backend.js';
import { FAILURES, type Failure } from '../../../../daemon/router/proxy/failures.js';
import { LiveApp, type Candidate } from '../../../../daemon/router/proxy/live-app.js';

class TestCandidate implements Candidate {
  backend: LiveBackend | undefined;
  failure: Failure | undefined;
  start(backend: LiveBackend): void {
    this.backend = backend;
    backend.running.add({ cut: () => undefined });
  }
  fail(failure: Failure): void {
    this.failure = failure;
  }
}

const backend = (id: string, draining = false): Backend => ({
  id,
  dyno: id,
  host: '127.0.0.1',
  port: 1,
  draining,
});
const app = (backends: Backend[], state: RouteApp['state'] = 'serving'): RouteApp => ({
  id: 'a',
  name: 'a',
  hosts: [],
  state,
  backends,
});

function admitted(live: LiveApp, now = 0): TestCandidate {
  const candidate = new TestCandidate();
  live.admit(candidate, now);
  return candidate;
}

describe('the choice of a backend', () => {
  test('spreads requests evenly and never takes a draining or quarantined one', () => {
    const live = new LiveApp(
      app([backend('1'), backend('2'), backend('3'), backend('4', true)]),
      DEFAULT_LIMITS,
    );
    const [first] = live.allBackends();
    first?.quarantineUntil(5_000, FAILURES.H21);
    const chosen = Array.from({ length: 10 }, () => admitted(live, 1_000).backend?.id);
    expect(chosen.filter((id) => id === '2')).toHaveLength(5);
    expect(chosen.filter((id) => id === '3')).toHaveLength(5);
    expect(admitted(live, 5_000).backend?.id).toBe('1');
  });

  test('counts the request in the tick in which it chose', () => {
    const live = new LiveApp(app([backend('1')]), DEFAULT_LIMITS);
    expect(admitted(live).backend?.running.size).toBe(1);
  });

  test('keeps the count of a backend that stays, and starts anew with one that came back from draining', () => {
    const live = new LiveApp(app([backend('1')]), DEFAULT_LIMITS);
    const { backend: first } = admitted(live);
    live.update(app([backend('1')]));
    expect([...live.allBackends()]).toEqual([first]);
    live.update(app([backend('1', true)]));
    expect([...live.allBackends()]).toEqual([first]);
    live.update(app([backend('1')]));
    expect([...live.allBackends()]).not.toEqual([first]);
  });
});

describe('requests without a backend', () => {
  test('wait in order and go on with the next table, and those too many fail', () => {
    const live = new LiveApp(app([], 'starting'), { ...DEFAULT_LIMITS, maxQueue: 2 });
    const [one, two, three] = [admitted(live), admitted(live), admitted(live)];
    expect([one.failure, two.failure, three.failure]).toEqual([undefined, undefined, FAILURES.H11]);
    live.update(app([backend('1')]));
    live.settle(10);
    expect([one.backend?.id, two.backend?.id]).toEqual(['1', '1']);
    expect(live.waitingCount).toBe(0);
  });

  test('give up when their time is over, with the reason there is', () => {
    const live = new LiveApp(app([], 'starting'), DEFAULT_LIMITS);
    const candidate = admitted(live, 0);
    live.settle(DEFAULT_LIMITS.startingQueueMs - 1);
    expect(candidate.failure).toBeUndefined();
    live.settle(DEFAULT_LIMITS.startingQueueMs);
    expect(candidate.failure).toBe(FAILURES.H20);

    live.update(app([backend('1')]));
    for (const one of live.allBackends()) one.quarantineUntil(100_000, FAILURES.H19);
    const quarantined = admitted(live, 0);
    live.settle(DEFAULT_LIMITS.servingQueueMs);
    expect(quarantined.failure).toBe(FAILURES.H19);
  });

  test('fail when the app turns to a state in which nothing is to be waited for', () => {
    for (const [state, failure] of [
      ['crashed', FAILURES.H10],
      ['idle', FAILURES.H14],
      ['blank', FAILURES.H81],
      ['maintenance', FAILURES.H80],
    ] as const) {
      const live = new LiveApp(app([], 'starting'), DEFAULT_LIMITS);
      const candidate = admitted(live);
      live.update(app([], state));
      live.settle(1);
      expect(candidate.failure).toBe(failure);
    }
  });
});
