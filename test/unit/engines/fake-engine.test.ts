import { expect, test } from 'vitest';
import type { DynoSpec } from '../../../daemon/engines/engine.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createFakeEngine } from '../../support/fake-engine.js';

const spec = (instance: string, dyno = 'web.1', command = 'node server.js'): DynoSpec => ({
  instance,
  labels: { appId: 'app', dyno, releaseVersion: 1 },
  appName: 'app',
  artifact: { engine: 'fake', id: 'a', size: 1 },
  command,
  env: {},
  port: true,
  limits: { memoryBytes: 1, cpuWeight: 1, pids: 1 },
  appNumber: 1,
  stdio: 'logged',
  terminal: null,
});

/** Time passes when the test says so. */
function handClock() {
  let now = 1_000;
  const sleepers: { at: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        sleepers.push({ at: now + ms, wake: resolve });
        signal?.addEventListener('abort', () => resolve());
      }),
    pass: async (ms: number) => {
      now += ms;
      for (const sleeper of sleepers) if (sleeper.at <= now) sleeper.wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('a dyno ends when its time has come on the clock it was given', async () => {
  const clock = handClock();
  const engine = createFakeEngine(clock);
  engine.behave('worker', { runForMs: 5_000, exitCode: 3 });
  await engine.start(spec('one', 'worker.1'));
  await clock.pass(4_999);
  expect(engine.dynos[0]?.state).toEqual({ kind: 'running' });
  await clock.pass(1);
  expect(engine.dynos[0]?.state).toEqual({
    kind: 'exited',
    exit: { code: 3, outOfMemory: false, at: 6_000 },
  });
});

test('a dyno can be crashed, obscured, and told to listen elsewhere', async () => {
  const engine = createFakeEngine(systemClock);
  engine.behave('web.1', { address: { host: '127.0.0.1', port: 7 } });
  const handle = await engine.start(spec('one'));
  expect(handle.address?.port).toBe(7);
  engine.obscure('web.1', 'no answer');
  expect((await engine.list())[0]?.state).toEqual({ kind: 'unknown', reason: 'no answer' });
  engine.crash('web.1', 9, { outOfMemory: true });
  expect((await engine.list())[0]?.state).toMatchObject({
    kind: 'exited',
    exit: { code: 9, outOfMemory: true },
  });
  expect(() => engine.crash('web.1')).toThrow('runs no web.1');
});

test('a start can fail, and can be slow', async () => {
  const clock = handClock();
  const engine = createFakeEngine(clock);
  engine.behave('*', { startError: 'no room' });
  await expect(engine.start(spec('one'))).rejects.toThrow('no room');
  engine.behave('web.2', { blockStartForMs: 100 });
  let started = false;
  const starting = engine.start(spec('two', 'web.2')).then(() => (started = true));
  await clock.pass(99);
  expect(started).toBe(false);
  await clock.pass(1);
  await starting;
  expect(engine.dynos).toHaveLength(1);
});

test('a dyno that ignores SIGTERM takes SIGKILL, and both are on record', async () => {
  const engine = createFakeEngine(systemClock);
  engine.behave('web.1', { ignoresTerm: true });
  const handle = await engine.start(spec('one'));
  await engine.signal(handle, 'SIGTERM');
  expect(engine.dynos[0]?.state.kind).toBe('running');
  await engine.signal(handle, 'SIGKILL');
  expect(engine.dynos[0]?.state).toMatchObject({ exit: { code: 137 } });
  expect(engine.dynos[0]?.signals).toEqual(['SIGTERM', 'SIGKILL']);
  expect(engine.calls).toEqual(['start web.1', 'SIGTERM web.1', 'SIGKILL web.1']);
});

test('what a dyno prints is followed', async () => {
  const engine = createFakeEngine(systemClock);
  engine.behave('web.1', { output: ['first'] });
  const handle = await engine.start(spec('one'));
  engine.print('web.1', 'second', 'stderr');
  engine.crash('web.1', 0);
  const seen: string[] = [];
  const deliver = async ({ lines }: { lines: readonly { text: string; stream: string }[] }) => {
    seen.push(...lines.map(({ text, stream }) => `${stream} ${text}`));
  };
  await engine.followLogs(handle, null, deliver, new AbortController().signal);
  expect(seen).toEqual(['stdout first', 'stderr second']);
});
