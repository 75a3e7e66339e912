import { expect, test, vi } from 'vitest';
import type { DynoSpec } from '../../../daemon/engines/engine.js';
import { Engines } from '../../../daemon/engines/engines.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { createFakeEngine } from '../../support/fake-engine.js';

const spec = (engine: 'docker' | 'process', instance: string): DynoSpec => ({
  instance,
  labels: { appId: 'app', dyno: 'web.1', releaseVersion: 1 },
  appName: 'app',
  artifact: { engine, id: 'a', size: 1 },
  command: 'run',
  env: {},
  port: false,
  limits: { memoryBytes: 1, cpuWeight: 1, pids: 1 },
  appNumber: 1,
  stdio: 'logged',
  terminal: null,
});

function two() {
  const behaviour = () => ({ output: ['hello'] });
  const docker = createFakeEngine(systemClock, { name: 'docker', behaviour });
  const embedded = createFakeEngine(systemClock, { name: 'process', behaviour });
  return { docker, embedded, engines: new Engines([embedded, docker], createLogger('silent', 'test')) };
}

test('a dyno is its own engine’s, from start to removal', async () => {
  const { docker, embedded, engines } = two();
  const here = await engines.start(spec('process', 'one'));
  const there = await engines.start(spec('docker', 'two'));
  expect([here.engine, there.engine]).toEqual(['process', 'docker']);
  await engines.signal(there, 'SIGTERM');
  await engines.remove(there);
  expect(docker.calls).toEqual(['start web.1', 'SIGTERM web.1', 'remove web.1']);
  expect(embedded.calls).toEqual(['start web.1']);
});

test('an engine that is away hides its own dynos, with the reason, and no others', async () => {
  const { docker, engines } = two();
  await engines.start(spec('process', 'one'));
  await engines.start(spec('docker', 'two'));
  expect((await engines.survey()).dynos).toHaveLength(2);
  docker.silence('dockerd is down');
  const { dynos, unreachable } = await engines.survey();
  expect(dynos.map(({ handle }) => handle.engine)).toEqual(['process']);
  expect([...unreachable]).toEqual([['docker', 'dockerd is down']]);
});

test('an engine that is away is asked again beside the survey, and its return is told', async () => {
  const { docker, engines } = two();
  await engines.start(spec('docker', 'two'));
  docker.silence('dockerd is down');
  await engines.survey();
  let returned = (): void => undefined;
  const told = new Promise<void>((resolve) => (returned = resolve));
  engines.watch(() => returned());
  docker.list = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [];
  };
  expect((await engines.survey()).unreachable.size).toBe(1);
  await told;
  expect((await engines.survey()).unreachable.size).toBe(0);
});

test('an engine’s own fault hides its dynos alone, like its absence', async () => {
  const { embedded, engines } = two();
  await engines.start(spec('docker', 'two'));
  embedded.list = () => Promise.reject(new Error('a bug'));
  const { dynos, unreachable } = await engines.survey();
  expect(dynos.map(({ handle }) => handle.engine)).toEqual(['docker']);
  expect([...unreachable]).toEqual([['process', 'a bug']]);
});

test('an engine that hangs is waited for a while, and not again', async () => {
  const { docker, engines } = two();
  vi.useFakeTimers();
  docker.list = () => new Promise(() => undefined);
  const first = engines.survey();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([...(await first).unreachable]).toEqual([['docker', 'no answer within 5 s']]);
  expect((await engines.survey()).unreachable.size).toBe(1);
  vi.useRealTimers();
});

test('an engine that is away keeps no other from its garbage, nor from forgetting an app', async () => {
  const { docker, embedded, engines } = two();
  const done: string[] = [];
  docker.collectGarbage = () => Promise.reject(new Error('away'));
  docker.forgetApp = () => Promise.reject(new Error('away'));
  embedded.collectGarbage = async (keep) => done.push(`garbage but ${keep.map(({ id }) => id).join()}`);
  embedded.forgetApp = async () => void done.push('forgot');
  const kept = { engine: 'process', id: 'mine', size: 1 } as const;
  const awayFirst = new Engines([docker, embedded], createLogger('silent', 'test'));
  for (const all of [engines, awayFirst]) {
    await all.collectGarbage([kept, { ...kept, engine: 'docker', id: 'theirs' }]);
    await all.forgetApp('app');
  }
  expect(done).toEqual(['garbage but mine', 'forgot', 'garbage but mine', 'forgot']);
});

test('watching watches all, until it ends', async () => {
  const { docker, embedded, engines } = two();
  let told = 0;
  const end = engines.watch(() => (told += 1));
  await docker.start(spec('docker', 'one'));
  await embedded.start(spec('process', 'two'));
  expect(told).toBe(2);
  end();
  docker.crash('web.1');
  expect(told).toBe(2);
});

test('an unknown engine is refused, with the ones there are', () => {
  const { engines } = two();
  expect(() => engines.get('podman')).toThrow('There is no engine "podman". Nothing was changed.');
});
