import { expect, test } from 'vitest';
import { Observer } from '../../../../daemon/engines/docker/dynos/observe.js';

const CREATED = '2026-11-28T22:23:35Z';
const NEVER = { ExitCode: 0, OOMKilled: false, FinishedAt: '0001-01-01T00:00:00Z' };

/** An observer of one container that was listed as made and not started, and is now as `inspected` says. */
function observer(inspected: object, starting = false): Observer {
  const container = { Id: 'c1', State: 'created', Labels: { 'tfk.instance': 'i1', 'tfk.release': '3' } };
  const inspect = () => Promise.resolve({ Created: CREATED, State: { ...NEVER, ...inspected } });
  return new Observer({
    client: { api: () => Promise.resolve({ getContainer: () => ({ inspect }) }) },
    containers: {
      all: () => Promise.resolve([container]),
      handleOf: () => Promise.resolve({ instance: 'i1' }),
    },
    isStarting: () => starting,
    hasEnded: () => false,
  } as unknown as ConstructorParameters<typeof Observer>[0]);
}

const stateOf = async (one: Observer) => (await one.list())[0]?.state;

test('a dyno that was listed just before it started runs', async () => {
  expect(await stateOf(observer({ Running: true, Status: 'running' }))).toEqual({ kind: 'running' });
});

test('a dyno that an earlier tfkd made and did not start has never run', async () => {
  expect(await stateOf(observer({ Running: false, Status: 'created' }))).toEqual({
    kind: 'exited',
    exit: { code: null, outOfMemory: false, at: Date.parse(CREATED) },
  });
});

test('of a dyno that is being started nothing is known', async () => {
  expect(await stateOf(observer({ Running: false, Status: 'created' }, true))).toMatchObject({
    kind: 'unknown',
  });
});
