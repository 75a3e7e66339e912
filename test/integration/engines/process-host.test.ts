import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { EngineBench, eventually } from '../../support/process-engine.js';

let bench: EngineBench;
const processes = new Processes();
beforeAll(async () => {
  bench = await EngineBench.open();
});
afterAll(() => bench.dispose());

const MB = 1024 * 1024;
const limited = (limits: { memoryBytes?: number; pids?: number }) => ({
  limits: { memoryBytes: 512 * MB, cpuWeight: 1, pids: 256, ...limits },
});
const GREEDY = `node -e "const kept = []; setInterval(() => kept.push(Buffer.alloc(16 * 1024 * 1024, 1)), 20)"`;

test('a dyno of one app reads nothing of the daemon, nor of another app, nor signals it', async (context) => {
  if (bench.engine.capabilities.isolation !== 'user') return context.skip('takes root');
  await mkdir(join(bench.home, 'private'), { mode: 0o700 });
  await writeFile(join(bench.home, 'private', 'secret.key'), 'secret');
  const victim = await bench.start('echo mine >mine.txt; echo ready; sleep 300', {
    env: { TOKEN: 'hidden' },
  });
  await bench.follow(victim, null, (lines) => lines.includes('ready'));
  const pid = (await readFile(bench.runFile(victim, 'pid'), 'utf8')).split(' ')[0] ?? '';
  const probes = [
    `cat ${bench.home}/private/secret.key`,
    `cat ${bench.home}/dynos/${victim.instance}/app/mine.txt`,
    `ls ${bench.home}/dynos/${victim.instance}/run`,
    `ls ${bench.home}/dynos/${victim.instance}/tmp`,
    `ls ${bench.home}/dynos`,
    `cat /proc/${pid}/environ`,
    `kill -0 ${pid}`,
    `cat ../run/dyno.json`,
    `echo x >${bench.home}/dynos/here`,
  ];
  const script = probes.map((probe) => `(${probe}) >/dev/null 2>&1 && echo "could: ${probe}"`).join('; ');
  const other = await bench.start(`${script}; id -u`, { appNumber: 2 });
  expect((await bench.follow(other)).lines).toEqual(['200002']);
});

test('a dyno gains no privileges', async (context) => {
  if (bench.engine.capabilities.isolation !== 'user') return context.skip('takes root');
  const handle = await bench.start(`grep -E '^(NoNewPrivs|CapEff|CapBnd|Groups)' /proc/self/status`);
  const { lines } = await bench.follow(handle);
  expect(lines).toContain('NoNewPrivs:\t1');
  expect(lines).toContain('CapEff:\t0000000000000000');
});

test('no secret of a dyno stands in its folder or in any argument while it starts and runs', async () => {
  const secret = `s3cret-${Math.random()}`;
  const handle = await bench.start('echo ready; sleep 300', { env: { TOKEN: secret } });
  await bench.follow(handle, null, (lines) => lines.includes('ready'));
  const check = await bench.start(`grep -rl ${secret} ${bench.home}/dynos/${handle.instance}; echo done`, {
    appNumber: 9,
  });
  await bench.follow(check);
  const near = [...(await processes.workingBelow(join(bench.home, 'dynos', handle.instance)))];
  for (const pid of near) expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(secret);
  for (const name of ['dyno.json', 'settings', 'shim.sh', 'shim.err', 'pid']) {
    expect(await readFile(bench.runFile(handle, name), 'utf8')).not.toContain(secret);
  }
});

test('an environment made to break a shell reaches the dyno and nobody else', async () => {
  const env = {
    LD_PRELOAD: '/nowhere/evil.so',
    IFS: 'abcdefghijklmnopqrstuvwxyz/',
    ENV: '/nowhere/env.sh',
    BASH_ENV: '/nowhere/env.sh',
    OPTIND: 'not a number',
    PS4: '$(touch /tmp/never)',
    payload: 'x',
    start: 'y',
    UID: '0',
    SHELL: '/bin/false',
  };
  const program =
    'console.log(JSON.stringify([process.env.LD_PRELOAD, process.env.payload, process.env.start, process.env.SHELL]))';
  const handle = await bench.start(`exec node -e '${program}'`, { env });
  const { lines } = await bench.follow(handle);
  expect(lines.at(-1)).toBe(JSON.stringify(['/nowhere/evil.so', 'x', 'y', '/bin/false']));
});

test('a dyno that takes more memory than its limit is killed, and known for it', async (context) => {
  if (!bench.engine.capabilities.limits) return context.skip('takes writable cgroups');
  const handle = await bench.start(`exec ${GREEDY}`, limited({ memoryBytes: 128 * MB }));
  await eventually(async () =>
    expect(await bench.state(handle)).toMatchObject({
      kind: 'exited',
      exit: { code: 137, outOfMemory: true },
    }),
  );
});

test('a dyno killed by a signal is not taken for one out of memory', async () => {
  const handle = await bench.start('sleep 300');
  await bench.engine.signal(handle, 'SIGKILL');
  await eventually(async () =>
    expect(await bench.state(handle)).toMatchObject({
      kind: 'exited',
      exit: { code: 137, outOfMemory: false },
    }),
  );
});

test('a dyno that forks without end stays within its number of processes, and goes at once', async (context) => {
  if (!bench.engine.capabilities.limits) return context.skip('takes writable cgroups');
  const bomb = 'echo ready; bomb() { bomb | bomb & }; bomb; sleep 300';
  const handle = await bench.start(bomb, limited({ pids: 64 }));
  await bench.follow(handle, null, (lines) => lines.includes('ready'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await processes.withVariable(`TFK_DYNO=${handle.instance}`)).length).toBeLessThanOrEqual(64);
  await bench.engine.remove(handle);
  expect(await processes.withVariable(`TFK_DYNO=${handle.instance}`)).toEqual([]);
});

test('without cgroups memory is looked at, and an excess is ended and known', async () => {
  const engine = await bench.reopen({ limit: false, pollMs: 200 });
  expect(engine.capabilities.limits).toBe(false);
  const unwatch = engine.watch(() => undefined);
  const handle = await engine.start(bench.spec(`exec ${GREEDY}`, limited({ memoryBytes: 128 * MB })));
  await eventually(async () =>
    expect(await bench.state(handle, engine)).toMatchObject({
      kind: 'exited',
      exit: { code: 137, outOfMemory: true },
    }),
  );
  unwatch();
});

test('a process that has left its group and thrown away its environment goes with the dyno', async () => {
  const handle = await bench.start(`env -i setsid sleep 302 & echo ready; sleep 300`);
  await bench.follow(handle, null, (lines) => lines.includes('ready'));
  const folder = join(bench.home, 'dynos', handle.instance);
  expect((await processes.workingBelow(join(folder, 'app'))).length).toBeGreaterThan(1);
  await bench.engine.remove(handle);
  expect(await processes.workingBelow(folder)).toEqual([]);
});

test('a crash is told within half a second', async () => {
  let told = settled<number>();
  const unwatch = bench.engine.watch(() => told.resolve(performance.now()));
  const handle = await bench.start('sleep 300');
  await new Promise((resolve) => setTimeout(resolve, 300));
  told = settled();
  const at = performance.now();
  await bench.engine.signal(handle, 'SIGKILL');
  expect((await told.promise) - at).toBeLessThan(500);
  unwatch();
});

test('the port of a dyno is free for no other one while the dyno is there, also after a restart', async () => {
  const handle = await bench.start('sleep 300', { port: true });
  const engine = await bench.reopen();
  const others = await Promise.all(
    [1, 2, 3].map(() => engine.start(bench.spec('sleep 300', { port: true }))),
  );
  expect(others.map(({ address }) => address?.port)).not.toContain(handle.address?.port);
});

test('an engine whose home nobody else can reach says that nothing isolates its dynos, and still runs them', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('takes root');
  await mkdir(join(bench.home, 'closed'), { mode: 0o700 });
  const engine = await bench.reopen({ dynosDir: join(bench.home, 'closed', 'dynos') });
  expect(engine.capabilities.isolation).toBe('none');
  expect(await engine.examine()).toContainEqual(
    expect.objectContaining({ name: 'isolation', status: 'warning' }),
  );
  const handle = await engine.start(bench.spec('id -u; exit 2', { stdio: 'attached' }));
  expect(await text((await engine.attach(handle)).stdout)).toBe('0\n');
  await engine.remove(handle);
});

function settled<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve: (value: T) => resolve(value) };
}
