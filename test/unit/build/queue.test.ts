import { expect, test } from 'vitest';
import { BuildQueue, type Turn } from '../../../daemon/build/queue.js';

/** Builds that end when told. */
function aQueue(concurrency = 2) {
  const queue = new BuildQueue(concurrency);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (buildId: string, appId: string) =>
    queue.add({ buildId, appId }, (turn: Turn) => {
      started.push(buildId);
      return new Promise<string>((resolve) => {
        ends.set(buildId, () => resolve(`${buildId} done`));
        const stop = () => resolve(`${buildId} stopped`);
        if (turn.signal.aborted) stop();
        turn.signal.addEventListener('abort', stop);
      });
    });
  return { queue, started, add, end: (buildId: string) => ends.get(buildId)?.() };
}

test('builds of one app run one after the other, in the order in which they came', async () => {
  const { add, started, end } = aQueue();
  const [first, second] = [add('1', 'a'), add('2', 'a')];
  expect(started).toEqual(['1']);
  end('1');
  await first;
  expect(started).toEqual(['1', '2']);
  end('2');
  expect(await second).toBe('2 done');
});

test('another app passes those that wait for their own, up to the limit', () => {
  const { add, started, queue } = aQueue(2);
  const apps = { '1': 'a', '2': 'a', '3': 'b', '4': 'c' };
  for (const [id, app] of Object.entries(apps)) void add(id, app);
  expect(started).toEqual(['1', '3']);
  expect(['1', '2', '3', '4', '5'].map((id) => queue.position(id))).toEqual([0, 1, 0, 2, null]);
});

test('a waiting build that is cancelled has its say at once, and the others keep their order', async () => {
  const { add, queue, started, end } = aQueue(1);
  const builds = [add('1', 'a'), add('2', 'a'), add('3', 'a')];
  expect(queue.cancel('2')).toBe(true);
  expect(await builds[1]).toBe('2 stopped');
  expect(queue.cancel('2')).toBe(false);
  end('1');
  await builds[0];
  expect(started).toEqual(['1', '2', '3']);
});

test('a sealed build cannot be cancelled', async () => {
  const queue = new BuildQueue(1);
  const build = queue.add({ buildId: '1', appId: 'a' }, async (turn) => {
    turn.seal();
    return queue.cancel('1');
  });
  expect(await build).toBe(false);
});

test('a failing build does not hold up the next', async () => {
  const queue = new BuildQueue(1);
  const failing = queue.add({ buildId: '1', appId: 'a' }, () => Promise.reject(new Error('broken')));
  const next = queue.add({ buildId: '2', appId: 'a' }, () => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('done');
});

test('stop ends all, and what comes later', async () => {
  const { add, queue } = aQueue(1);
  const builds = [add('1', 'a'), add('2', 'b')];
  await queue.stop();
  expect(await Promise.all(builds)).toEqual(['1 stopped', '2 stopped']);
  expect(await add('3', 'a')).toBe('3 stopped');
});

test('of an app that goes away each build is cancelled and awaited, and of other apps none', async () => {
  const { add, queue, started, end } = aQueue(2);
  const builds = [add('1', 'a'), add('2', 'a'), add('3', 'b')];
  await queue.clear('a');
  expect(['1', '2', '3'].map((id) => queue.position(id))).toEqual([null, null, 0]);
  expect(await Promise.all(builds.slice(0, 2))).toEqual(['1 stopped', '2 stopped']);
  expect(started).toEqual(['1', '3', '2']);
  end('3');
  expect(await builds[2]).toBe('3 done');
});

test('who waits for the builds of an app to go does not wait for a release: that may wait for him', async () => {
  const queue = new BuildQueue(1);
  let released = (): void => undefined;
  const build = queue.add({ buildId: '1', appId: 'a' }, (turn) => {
    turn.seal();
    return new Promise<string>((resolve) => (released = () => resolve('released')));
  });
  await queue.clear('a');
  expect(queue.position('1')).toBe(0);
  released();
  expect(await build).toBe('released');
});
