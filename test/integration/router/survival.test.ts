import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { routerPlaces } from '../../../daemon/router/control/places.js';
import { startRouter } from '../../../daemon/router/control/spawn.js';
import { startHttpBackend, type HttpBackend } from '../../support/backend.js';
import {
  afterTest,
  appWith,
  ask,
  backendOn,
  controlOf,
  eventually,
  newHome,
  pause,
  startOptions,
  startTestRouter,
  useRouters,
} from './harness.js';

useRouters();

async function backendSaying(text: string, port = 0): Promise<HttpBackend> {
  const backend = await startHttpBackend((request, response) => {
    if (request.url === '/slow') setTimeout(() => response.end(text), 100);
    else response.end(text);
  }, port);
  afterTest(() => backend.close());
  return backend;
}

interface LoadResult {
  readonly answered: number;
  readonly statuses: ReadonlyMap<number, number>;
  readonly errors: readonly string[];
}

/** Keep-alive clients that ask one after the other until they are stopped. */
function startLoad(
  port: number,
  clients = 8,
  path = '/',
): { stop(): Promise<LoadResult>; answered: () => number } {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const statuses = new Map<number, number>();
  const errors: string[] = [];
  let answered = 0;
  let stopped = false;
  const client = async (): Promise<void> => {
    while (!stopped) {
      try {
        const { status } = await ask(port, { agent, path });
        answered += 1;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      } catch (error) {
        errors.push((error as NodeJS.ErrnoException).code ?? String(error));
      }
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    answered: () => answered,
    stop: async () => {
      stopped = true;
      await Promise.all(running);
      agent.destroy();
      return { answered, statuses, errors };
    },
  };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the router', () => {
  test('loses only what was under way when a worker is killed, refuses nobody, and replaces it', async () => {
    const backend = await backendSaying('ok');
    const router = await startTestRouter();
    await router.control.publish([appWith([backendOn(backend.port)])]);
    const before = await router.status();
    const load = startLoad(router.port);
    const kills = 4;
    for (let i = 0; i < kills; i++) {
      const seen = load.answered();
      await eventually(() => expect(load.answered()).toBeGreaterThan(seen + 50));
      const [victim] = (await router.status()).workers;
      process.kill(victim?.pid ?? 0, 'SIGKILL');
      await eventually(async () => {
        const { workers } = await router.status();
        expect(
          workers.filter(({ pid, tableVersion }) => pid !== victim?.pid && tableVersion === 1),
        ).toHaveLength(2);
      });
    }
    const { statuses, errors } = await load.stop();
    expect(errors.filter((code) => code === 'ECONNREFUSED')).toEqual([]);
    expect(errors.length).toBeLessThanOrEqual(kills * 8);
    expect([...statuses.keys()]).toEqual([200]);
    expect((await router.status()).pid).toBe(before.pid);
  });

  test('fails no request while its workers are reloaded under load', async () => {
    const backend = await backendSaying('ok');
    const router = await startTestRouter({ limits: { drainIdleMs: 500, workerDrainMs: 5_000 } });
    await router.control.publish([appWith([backendOn(backend.port)])]);
    const load = startLoad(router.port);
    const before = (await router.status()).workers.map(({ pid }) => pid);
    for (let i = 0; i < 3; i++) {
      await router.control.reload();
      const seen = load.answered();
      await eventually(() => expect(load.answered()).toBeGreaterThan(seen + 50));
    }
    const { statuses, errors } = await load.stop();
    expect(errors).toEqual([]);
    expect([...statuses.keys()]).toEqual([200]);
    const after = (await router.status()).workers.map(({ pid }) => pid);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    await eventually(() => expect(before.filter(isAlive)).toEqual([]));
  });

  test('fails no request over 20 replacements of the only dyno, each drained before it is stopped', async () => {
    const router = await startTestRouter();
    let current = await startHttpBackend((_, response) => setTimeout(() => response.end('ok'), 5));
    let generation = 0;
    const instance = (port: number) => backendOn(port, { id: `generation-${generation}` });
    let entry = instance(current.port);
    await router.control.publish([appWith([entry])]);
    const load = startLoad(router.port);
    for (let i = 0; i < 20; i++) {
      const next = await startHttpBackend((_, response) => setTimeout(() => response.end('ok'), 5));
      generation += 1;
      const nextEntry = instance(next.port);
      await router.control.publish([appWith([{ ...entry, draining: true }, nextEntry])]);
      await eventually(async () =>
        expect((await router.control.inFlight([entry.id])).requests.get(entry.id)).toBe(0),
      );
      await current.close();
      await router.control.publish([appWith([nextEntry])]);
      current = next;
      entry = nextEntry;
    }
    const { statuses, errors, answered } = await load.stop();
    await current.close();
    expect(errors).toEqual([]);
    expect([...statuses.entries()]).toEqual([[200, answered]]);
  });

  test('routes on its last table when it was killed and started again, on the same port', async () => {
    const backend = await backendSaying('still here');
    const router = await startTestRouter();
    await router.control.publish([appWith([backendOn(backend.port)])]);
    await router.control.close();
    const control = controlOf(router.home);
    const { pid, workers, port } = await control.status();
    await control.close();
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect([pid, ...workers.map((worker) => worker.pid)].filter(isAlive)).toEqual([]));
    expect(await startRouter({ ...router.options, port })).toEqual({ started: true });
    expect((await ask(port)).body).toBe('still here');
    expect((await controlOf(router.home).status()).tableVersion).toBe(1);
  });

  test('is given the newest table again by a control plane that saw it go and revived it', async () => {
    const [first, second] = [await backendSaying('first'), await backendSaying('second')];
    const home = await newHome();
    const options = startOptions(home);
    // Undone last to first: what revives the router must let go before the router is ended.
    afterTest(() => controlOf(home).shutdown());
    const control = controlOf(home, () => startRouter(options));
    let reconnects = 0;
    control.onReconnect(() => (reconnects += 1));
    await control.publish([appWith([backendOn(first.port)])]);
    await control.publish([appWith([backendOn(second.port)])]);
    const { pid } = await control.status();
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const status = await control.status();
      expect(status.pid).not.toBe(pid);
      expect(status.tableVersion).toBeGreaterThan(2);
      expect((await ask(status.port)).body).toBe('second');
    });
    expect(reconnects).toBe(1);
  });

  test('outlives the process that started it', async () => {
    const home = await newHome();
    const script = `
      const { startRouter } = await import(process.argv[1]);
      await startRouter(JSON.parse(process.argv[2]));
      process.kill(process.pid, 'SIGKILL');`;
    const spawnModule = `file://${process.cwd()}/dist/daemon/router/control/spawn.js`;
    const args = ['--input-type=module', '-e', script, spawnModule, JSON.stringify(startOptions(home))];
    const parent = spawn(process.execPath, args, { stdio: 'inherit' });
    await new Promise((resolve) => parent.once('exit', resolve));
    afterTest(() => controlOf(home).shutdown());
    const status = await controlOf(home).status();
    expect(status.workers).toHaveLength(2);
    expect((await ask(status.port)).status).toBe(404);
  });

  test('runs once on a home, however many start it at the same time', async () => {
    const home = await newHome();
    const options = startOptions(home);
    const results = await Promise.all(Array.from({ length: 4 }, () => startRouter(options)));
    afterTest(() => controlOf(home).shutdown());
    expect(results.filter(({ started }) => started)).toHaveLength(1);
    const log = await readFile(routerPlaces(home).log, 'utf8');
    expect(log.match(/the router is ready/g)).toHaveLength(1);
  });

  test('says in one line that its port is taken', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    afterTest(() => new Promise((resolve) => squatter.close(resolve)));
    const { port } = squatter.address() as { port: number };
    const home = await newHome();
    await expect(startRouter(startOptions(home, { port }))).rejects.toThrow(
      `The router did not start: port ${port} is taken on 127.0.0.1`,
    );
    expect(await readFile(routerPlaces(home).log, 'utf8')).toMatch(
      new RegExp(`^tfk router: port ${port} is taken.*\n$`),
    );
    await expect(stat(routerPlaces(home).socket)).rejects.toThrow('ENOENT');
  });

  test('keeps its control socket to its user', async () => {
    const router = await startTestRouter({ workers: 1 });
    expect((await stat(routerPlaces(router.home).socket)).mode & 0o777).toBe(0o600);
    expect((await stat(routerPlaces(router.home).folder)).mode & 0o777).toBe(0o700);
  });
});

describe('a table', () => {
  test('that is torn anywhere on disk is not used: the one before is', async () => {
    const backend = await backendSaying('ok');
    const router = await startTestRouter({ workers: 1 });
    await router.control.publish([appWith([backendOn(backend.port)])]);
    await router.control.publish([appWith([], { state: 'idle' })]);
    await router.control.shutdown();
    const { table } = routerPlaces(router.home);
    const content = await readFile(table);
    await writeFile(table, content.subarray(0, content.length - 20));
    await startRouter(router.options);
    const control = controlOf(router.home);
    const { tableVersion, port } = await control.status();
    expect(tableVersion).toBe(1);
    expect((await ask(port)).body).toBe('ok');
    expect(await readFile(routerPlaces(router.home).log, 'utf8')).toContain(
      'the route table file is damaged and is not used',
    );
    expect(await control.publish([])).toBe(2);
  });

  test('older than the current one is refused, and nothing changes', async () => {
    const { connect } = await import('node:net');
    const router = await startTestRouter({ workers: 1 });
    expect(await router.control.publish([])).toBe(1);
    const socket = connect(routerPlaces(router.home).socket);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.write(`${JSON.stringify({ type: 'publish', id: 7, table: { version: 1, apps: [] } })}\n`);
    socket.write(
      `${JSON.stringify({ type: 'publish', id: 8, table: { version: 9, apps: [{ id: 'x' }] } })}\n`,
    );
    await eventually(() => expect(text.split('\n')).toHaveLength(3));
    socket.destroy();
    expect(text).toContain('"type":"failed","id":7');
    expect(text).toContain('"type":"failed","id":8');
    expect((await router.status()).tableVersion).toBe(1);
  });

  test('is acknowledged only when every worker routes by it, also in a flood of tables', async () => {
    const router = await startTestRouter();
    const versions = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await pause(i);
        return router.control.publish([appWith([], { state: i % 2 === 0 ? 'idle' : 'crashed' })]);
      }),
    );
    const { tableVersion, workers } = await router.status();
    expect(Math.max(...versions)).toBe(tableVersion);
    expect(workers.map((worker) => worker.tableVersion)).toEqual([tableVersion, tableVersion]);
    expect((await router.lines(0)).length).toBe(0);
  });

  test('reaches a worker that hangs by killing it', async () => {
    const router = await startTestRouter({ limits: { workerAnswerMs: 2_000 } });
    const [victim] = (await router.status()).workers;
    process.kill(victim?.pid ?? 0, 'SIGSTOP');
    expect(await router.control.publish([appWith([], { state: 'idle' })])).toBe(1);
    await eventually(async () => {
      const { workers } = await router.status();
      expect(workers.map(({ tableVersion }) => tableVersion)).toEqual([1, 1]);
      expect(workers.map(({ pid }) => pid)).not.toContain(victim?.pid);
    });
  });
});
