import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { CopyingBuilder } from '../../support/copying-builder.js';
import { EngineBench, eventually } from '../../support/process-engine.js';

let bench: EngineBench;
const processes = new Processes();
beforeAll(async () => {
  bench = await EngineBench.open();
});
afterAll(() => bench.dispose());

const pidIn = async (path: string): Promise<number> => Number((await readFile(path, 'utf8')).split(' ')[0]);
const count = (upTo: number, pause: string) => `for i in $(seq 1 ${upTo}); do echo $i; sleep ${pause}; done`;
const numbers = (upTo: number) => Array.from({ length: upTo }, (_, index) => String(index + 1));

test('a dyno whose shim was killed goes on, is seen, loses no line, and ends with its code lost', async () => {
  const handle = await bench.start(`${count(40, '0.05')}; exit 5`);
  process.kill(await pidIn(bench.runFile(handle, 'shim')), 'SIGKILL');
  expect(await bench.state(handle)).toEqual({ kind: 'running' });
  expect((await bench.follow(handle)).lines).toEqual(numbers(40));
  await eventually(async () =>
    expect(await bench.state(handle)).toMatchObject({ kind: 'exited', exit: { code: null } }),
  );
  const first = await bench.state(handle);
  expect(await bench.state(handle)).toEqual(first);
});

test('watchers hear of the end of a dyno whose shim was killed', async () => {
  const handle = await bench.start('sleep 300');
  process.kill(await pidIn(bench.runFile(handle, 'shim')), 'SIGKILL');
  let told = 0;
  const unwatch = bench.engine.watch(() => (told += 1));
  await eventually(() => expect(told).toBeGreaterThan(0));
  const before = told;
  process.kill(await pidIn(bench.runFile(handle, 'pid')), 'SIGKILL');
  await eventually(() => expect(told).toBeGreaterThan(before));
  unwatch();
});

test('a dyno whose loggers were killed is not killed with them, and another logger takes over', async () => {
  const handle = await bench.start(`echo begin; sleep 1; seq 1 50000; echo end; exit 6`);
  await bench.follow(handle, null, (lines) => lines.includes('begin'));
  process.kill(await pidIn(bench.runFile(handle, 'logger')), 'SIGKILL');
  const run = join(bench.home, 'dynos', handle.instance, 'run');
  for (const pid of await processes.workingBelow(run)) {
    if ((await processes.read(pid))?.name === 'dd') process.kill(pid, 'SIGKILL');
  }
  const { lines, lost } = await bench.follow(handle);
  expect(lines).toEqual(['begin', ...numbers(50_000), 'end']);
  expect(lost).toBe(0);
  await eventually(async () =>
    expect(await bench.state(handle)).toMatchObject({ kind: 'exited', exit: { code: 6 } }),
  );
});

test('a process that was given the pid of a dyno is neither taken for it nor signalled', async () => {
  const handle = await bench.start('sleep 300');
  const stranger = await bench.start('sleep 300');
  const pid = await pidIn(bench.runFile(stranger, 'pid'));
  const leader = await pidIn(bench.runFile(handle, 'pid'));
  process.kill(await pidIn(bench.runFile(handle, 'shim')), 'SIGKILL');
  process.kill(leader, 'SIGKILL');
  await writeFile(bench.runFile(handle, 'pid'), `${pid} 1\n`);
  await bench.engine.signal(handle, 'SIGKILL');
  expect(await bench.state(handle)).toMatchObject({ kind: 'exited', exit: { code: null } });
  await bench.engine.remove(handle);
  expect(await bench.state(stranger)).toEqual({ kind: 'running' });
});

test('dynos of an earlier boot have ended, and what has their pids today is left alone', async () => {
  const handle = await bench.start('sleep 300');
  const path = bench.runFile(handle, 'dyno.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as object;
  const shim = await pidIn(bench.runFile(handle, 'shim'));
  await writeFile(path, JSON.stringify({ ...record, bootId: 'another' }));
  await bench.engine.signal(handle, 'SIGKILL');
  expect(await processes.identify(shim)).not.toBeNull();
  expect(await bench.state(handle)).toMatchObject({ kind: 'exited', exit: { code: null } });
});

test('a start that was cut off before its shim ran is made anew', async () => {
  const spec = bench.spec('cat file.txt');
  const handle = await bench.engine.start(bench.spec('sleep 300'));
  const record = JSON.parse(await readFile(bench.runFile(handle, 'dyno.json'), 'utf8')) as object;
  await bench.engine.remove(handle);
  await bench.engine.start(spec);
  await bench.follow({ ...handle, instance: spec.instance });
  for (const name of ['pid', 'exit', 'shim', 'logger']) {
    await rm(join(bench.home, 'dynos', spec.instance, 'run', name));
  }
  const cutOff = { ...record, instance: spec.instance, startedBy: { pid: 999_999, startTime: '1' } };
  await writeFile(join(bench.home, 'dynos', spec.instance, 'run', 'dyno.json'), JSON.stringify(cutOff));
  const next = await bench.reopen();
  // The reconciler looks before it starts: what it has seen ended has not run all the same.
  expect(await bench.state({ ...handle, instance: spec.instance }, next)).toMatchObject({ kind: 'exited' });
  const again = await next.start(spec);
  expect((await bench.follow(again)).lines).toEqual(['from the slug']);
  await eventually(async () =>
    expect(await bench.state(again)).toMatchObject({ kind: 'exited', exit: { code: 0 } }),
  );
});

test('the log of a start that was cut off before its shim ran is at its end, so that it can be removed', async () => {
  const handle = await bench.start('sleep 300');
  const shim = await pidIn(bench.runFile(handle, 'shim'));
  process.kill(shim, 'SIGKILL');
  process.kill(await pidIn(bench.runFile(handle, 'pid')), 'SIGKILL');
  for (const name of ['pid', 'shim', 'logger']) await rm(bench.runFile(handle, name));
  const path = bench.runFile(handle, 'dyno.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...record, startedBy: { pid: 999_999, startTime: '1' } }));
  await expect.poll(() => processes.workingBelow(join(bench.home, 'dynos', handle.instance))).toEqual([]);
  await rm(bench.runFile(handle, 'drained'), { force: true });
  expect((await bench.follow(handle)).lines).toEqual([]);
});

test('folders half made or half removed by an earlier daemon go at the next start, and those being made stay', async () => {
  const handle = await bench.start('sleep 300');
  await bench.engine.remove(handle);
  const dynos = join(bench.home, 'dynos');
  const underWay = `.new-${process.pid}-one-000000`;
  const old = '.new-one-000000';
  for (const name of ['.gone-one-000000', '.new-999999999-one-000000', old, underWay])
    await mkdir(join(dynos, name));
  await utimes(join(dynos, old), 0, 0);
  await bench.reopen();
  expect((await readdir(dynos)).filter((name) => name.startsWith('.'))).toEqual([underWay]);
});

test('builds of an earlier daemon are ended by the start of the next one, not by its first build', async () => {
  const builder = new CopyingBuilder(join(bench.home, 'slugs'));
  const recover = vi.spyOn(builder, 'recover');
  await bench.reopen({ builder });
  expect(recover).toHaveBeenCalledOnce();
});
