import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Engines } from '../../../daemon/engines/engines.js';
import { Collector } from '../../../daemon/logs/collector.js';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { createRunStage, type RunStage } from '../../../daemon/main/run-stage.js';
import { Apps } from '../../../daemon/release/apps.js';
import type { RouteApp } from '../../../daemon/router/control/protocol.js';
import type { RouterPort } from '../../../daemon/run/route-publisher.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { DynoRecord } from '../../../daemon/store/dynos.js';
import { Store } from '../../../daemon/store/store.js';
import { createFakeEngine, type FakeEngine } from '../../support/fake-engine.js';
import { tempHome } from '../../support/temp-home.js';

const PATIENCE = { timeout: 20_000 };

/** A router that acknowledges unless told otherwise, and remembers what it was told. */
class ScriptedRouter implements RouterPort {
  away = false;
  table: readonly RouteApp[] = [];
  readonly requests = new Map<string, number>();

  publish(apps: readonly RouteApp[]): Promise<void> {
    if (this.away) return Promise.reject(new Error('the router does not answer'));
    this.table = apps;
    return Promise.resolve();
  }

  inFlight(): ReturnType<RouterPort['inFlight']> {
    return Promise.resolve({ requests: this.requests, upgraded: new Map() });
  }

  get backends() {
    return this.table.flatMap((app) =>
      app.backends.map(({ dyno, draining }) => (draining ? `${dyno} draining` : dyno)),
    );
  }
}

interface World {
  readonly store: Store;
  readonly engine: FakeEngine;
  readonly router: ScriptedRouter;
  readonly logs: LogStore;
  readonly appId: string;
  readonly run: RunStage;
  /** Where all fake dynos say they listen. */
  readonly address: { readonly host: string; readonly port: number };
  /** A release with this Procfile becomes current. */
  release(processTypes: Record<string, string>): void;
  scale(type: string, quantity: number): void;
  dynos(): DynoRecord[];
  /** A further tfkd on the same store and engine. */
  nextTfkd(): RunStage;
}

async function world(timeouts = { bootMs: 60_000, exitMs: 30_000, releaseMs: 60_000 }): Promise<World> {
  const home = tempHome();
  const store = Store.open(home);
  const clock = systemClock;
  const logger = createLogger('silent', 'test');
  const logs = new LogStore({ folder: join(home, 'logs'), clock, logger });
  const address = await listening();
  const engine = createFakeEngine(clock, { behaviour: () => ({ address }) });
  const router = new ScriptedRouter();
  const stages: { stop: () => Promise<void> }[] = [];
  const stage = (): RunStage => {
    const collector = new Collector({ engine, logs, clock, logger });
    const run = createRunStage({
      store,
      engine: new Engines([engine], logger),
      clock,
      logger,
      logs,
      collector,
      router,
      timeouts,
      appIsEmpty: () => Promise.resolve(),
      isAwaited: () => false,
      settled: () => undefined,
    });
    stages.push({
      stop: async () => {
        await run.stop();
        await collector.stop();
      },
    });
    run.adopt();
    run.loop.start();
    return run;
  };
  onTestFinished(async () => {
    for (const { stop } of stages) await stop();
    logs.close();
    store.close();
  });
  const { id: appId } = new Apps(store, clock, () => undefined, 'fake').create({
    name: 'shop',
    actor: 'ada',
  });
  const run = stage();
  return {
    store,
    engine,
    router,
    logs,
    appId,
    run,
    address,
    release: (processTypes) => {
      becomeCurrent(store, appId, processTypes);
      run.loop.notify(appId);
    },
    scale: (type, quantity) => {
      store.formation.put({ id: newId(), appId, type, quantity, size: 'Standard-1X', now: 0 });
      run.loop.notify(appId);
    },
    dynos: () => store.dynos.list(appId),
    nextTfkd: () => {
      void stages[0]?.stop();
      return stage();
    },
  };
}

function becomeCurrent(store: Store, appId: string, processTypes: Record<string, string>): void {
  const id = newId();
  store.transaction(() => {
    const artifact = { engine: 'fake', id: 'slug', size: 1 };
    const shared = { appId, createdAt: 0 };
    store.slugs.insert({
      ...shared,
      id: `slug-${id}`,
      contentKey: id,
      artifact,
      processTypes,
      launchEnv: {},
      launchPath: [],
      healthchecks: null,
      checksum: 'SHA256:0',
      commit: null,
      planner: 'procfile',
      size: 1,
    });
    store.releases.insert({
      ...shared,
      id,
      description: 'Deploy',
      userEmail: 'ada',
      slugId: `slug-${id}`,
      config: {},
      bindings: [],
      processTypes,
      status: 'succeeded',
      outputSecret: null,
    });
    store.apps.setCurrentRelease(appId, id, 0);
  });
}

async function listening(): Promise<{ host: string; port: number }> {
  const server: Server = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const states = (at: World): string[] =>
  at
    .dynos()
    .map((dyno) => `${dyno.name} v${dyno.releaseVersion} ${dyno.state}`)
    .sort();
const log = (at: World): string[] =>
  at.logs.last(at.appId, { source: 'heroku' }, 1000).map((line) => `${line.dyno}: ${line.text}`);

describe('the reconciler', () => {
  it('starts what is wanted, and routes to it only when it is ready', async () => {
    const at = await world();
    at.engine.behave('web.2', { blockStartForMs: 1_500, address: at.address });
    at.scale('web', 2);
    at.release({ web: 'run' });
    await expect.poll(() => at.router.backends, PATIENCE).toEqual(['web.1']);
    await expect.poll(() => at.router.backends, PATIENCE).toEqual(['web.1', 'web.2']);
    expect(states(at)).toEqual(['web.1 v2 up', 'web.2 v2 up']);
  });

  it('replaces web dynos one after the other, each old one only after its requests', async () => {
    const at = await world();
    at.scale('web', 1);
    at.release({ web: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 up']);
    const old = at.dynos()[0]?.instance ?? '';
    at.router.requests.set(old, 1);
    at.release({ web: 'run new' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 draining', 'web.1 v3 up']);
    expect(at.router.backends.sort()).toEqual(['web.1', 'web.1 draining']);
    expect(at.engine.dynos.find(({ spec }) => spec.instance === old)?.signals).toEqual([]);
    at.router.requests.set(old, 0);
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v3 up']);
    expect(at.router.backends).toEqual(['web.1']);
  });

  it('stops an old web dyno before it starts the new one, once preboot is turned off', async () => {
    const at = await world();
    at.scale('web', 1);
    at.release({ web: 'run' });
    await expect.poll(() => at.router.backends, PATIENCE).toEqual(['web.1']);
    const old = at.dynos()[0]?.instance ?? '';
    at.router.requests.set(old, 1);
    at.store.apps.setPreboot(at.appId, false, 1);
    at.release({ web: 'run new' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 draining']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(at.engine.dynos).toHaveLength(1);
    // Requests that come now wait for the new one, and are not told that nobody is there.
    expect(at.router.table).toMatchObject([{ state: 'starting' }]);
    at.router.requests.set(old, 0);
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v3 up']);
    expect(at.router.backends).toEqual(['web.1']);
  });

  it('stops nothing that the router has not acknowledged', async () => {
    const at = await world();
    at.scale('web', 1);
    at.release({ web: 'run' });
    await expect.poll(() => at.router.backends, PATIENCE).toEqual(['web.1']);
    const old = at.dynos()[0]?.instance ?? '';
    at.router.away = true;
    at.release({ web: 'run new' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 draining', 'web.1 v3 up']);
    await systemClock.sleep(500);
    expect(at.engine.dynos.find(({ spec }) => spec.instance === old)?.signals).toEqual([]);
    at.router.away = false;
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v3 up']);
  });

  it('restarts a crashed dyno at once, and says that it crashed', async () => {
    const at = await world();
    at.scale('worker', 1);
    at.release({ worker: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['worker.1 v2 up']);
    const first = at.dynos()[0]?.instance;
    at.engine.crash('worker.1', 7);
    await expect.poll(() => at.dynos()[0]?.instance, PATIENCE).not.toBe(first);
    await expect.poll(() => states(at), PATIENCE).toEqual(['worker.1 v2 up']);
    expect(log(at)).toEqual(
      expect.arrayContaining([
        'worker.1: Process exited with status 7',
        'worker.1: State changed from up to crashed',
      ]),
    );
    expect(at.dynos()[0]?.attempt).toBe(1);
  });

  it('waits before it restarts a dyno that crashes again and again, and says until when', async () => {
    const at = await world();
    at.engine.behave('worker', { runForMs: 1, exitCode: 1 });
    at.scale('worker', 1);
    at.release({ worker: 'run' });
    await expect
      .poll(() => at.dynos().map(({ state, attempt }) => `${state} ${attempt}`), PATIENCE)
      .toEqual(['crashed 2']);
    const dyno = at.dynos()[0];
    expect((dyno?.nextStartAt ?? 0) - (dyno?.stateSince ?? 0)).toBeGreaterThan(9_000);
    expect(dyno?.message).toBe('exited with status 1');
  });

  it('gives a dyno that cannot even be started the same pauses', async () => {
    const at = await world();
    at.engine.behave('worker', { startError: 'no such slug' });
    at.scale('worker', 1);
    at.release({ worker: 'run' });
    await expect
      .poll(() => at.dynos().map(({ state, attempt, message }) => `${state} ${attempt} ${message}`), PATIENCE)
      .toEqual(['crashed 2 no such slug']);
  });

  it('kills a dyno that does not exit when told, and says so', async () => {
    const at = await world({ bootMs: 60_000, exitMs: 300, releaseMs: 60_000 });
    at.engine.behave('worker.1', { ignoresTerm: true });
    at.scale('worker', 1);
    at.release({ worker: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['worker.1 v2 up']);
    at.scale('worker', 0);
    await expect.poll(() => states(at), PATIENCE).toEqual([]);
    expect(log(at).filter((line) => line.includes('R12'))).toHaveLength(1);
  });

  it('leaves alone what the engine cannot tell about', async () => {
    const at = await world();
    at.scale('worker', 1);
    at.release({ worker: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['worker.1 v2 up']);
    at.engine.obscure('worker.1', 'the engine does not answer');
    at.run.loop.notify(at.appId);
    await systemClock.sleep(300);
    expect(states(at)).toEqual(['worker.1 v2 up']);
    expect(at.engine.dynos).toHaveLength(1);
  });

  it('touches nothing while the engine is away, and goes on when it is back', async () => {
    const at = await world();
    at.scale('web', 1);
    at.release({ web: 'run' });
    await expect.poll(() => at.router.backends, PATIENCE).toEqual(['web.1']);
    const [first] = at.dynos();
    at.engine.silence('the engine is away');
    at.nextTfkd();
    at.scale('web', 2);
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 up', 'web.2 v2 starting']);
    await systemClock.sleep(1_500);
    expect(states(at)).toEqual(['web.1 v2 up', 'web.2 v2 starting']);
    expect(at.router.backends).toEqual(['web.1']);
    expect(at.engine.calls).toEqual(['start web.1']);
    at.engine.silence(null);
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 up', 'web.2 v2 up']);
    expect(at.dynos().find(({ name }) => name === 'web.1')?.instance).toBe(first?.instance);
    expect(at.engine.calls).toEqual(['start web.1', 'start web.2']);
  });

  it('does not count against a dyno the time in which it could not be started', async () => {
    const at = await world({ bootMs: 900, exitMs: 30_000, releaseMs: 60_000 });
    const server = createServer((_request, response) => response.end('ok'));
    onTestFinished(() => void server.close());
    const address = { host: '127.0.0.1', port: await freePort() };
    at.engine.behave('web.1', { address });
    at.engine.silence('the engine is away');
    at.scale('web', 1);
    at.release({ web: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 starting']);
    await systemClock.sleep(1_000);
    at.engine.silence(null);
    await systemClock.sleep(400);
    server.listen(address.port, address.host);
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 up']);
    expect(log(at).filter((line) => line.includes('R10'))).toEqual([]);
  });

  it('doubles no dyno that was started while the engines were asked', async () => {
    const at = await world();
    const list = at.engine.list.bind(at.engine);
    // Each answer is a second old when it comes, as from an engine that is slow to answer.
    at.engine.list = async () => {
      const listed = await list();
      await systemClock.sleep(300);
      return listed;
    };
    at.engine.behave('worker', { blockStartForMs: 150 });
    at.scale('worker', 3);
    at.release({ worker: 'run' });
    for (let count = 0; count < 20; count += 1) {
      at.run.loop.notify(at.appId);
      await systemClock.sleep(100);
    }
    await expect
      .poll(() => states(at), PATIENCE)
      .toEqual(['worker.1 v2 up', 'worker.2 v2 up', 'worker.3 v2 up']);
    expect(at.engine.calls.filter((call) => call.startsWith('start'))).toHaveLength(3);
  });

  it('removes a dyno of an app that is gone', async () => {
    const at = await world();
    await at.engine.start({
      instance: newId(),
      labels: { appId: 'nobody', dyno: 'web.1', releaseVersion: 1 },
      appName: 'nobody',
      artifact: { engine: 'fake', id: 'slug', size: 1 },
      command: 'run',
      env: {},
      port: false,
      limits: { memoryBytes: 1, cpuWeight: 1, pids: 1 },
      appNumber: 9,
      stdio: 'logged',
      terminal: null,
    });
    at.nextTfkd();
    await expect.poll(() => at.engine.dynos.length, PATIENCE).toBe(0);
  });

  it('lets nobody wait for a dyno that cannot be freed', async () => {
    const at = await world();
    at.engine.behave('release', { runForMs: 50, exitCode: 0 });
    at.engine.remove = () => Promise.reject(new Error('device or resource busy'));
    at.release({ release: 'migrate', worker: 'run' });
    const release = at.store.releases.current(at.appId);
    if (!release) throw new Error('there is a release');
    expect(await at.run.oneOffs.runReleaseCommand(release)).toBeNull();
  });

  it.each(['stopped', 'destroyed with its app'])(
    'lets nobody wait for a release command that is %s before it could begin',
    async (how) => {
      const at = await world();
      at.release({ release: 'migrate' });
      const release = at.store.releases.current(at.appId);
      if (!release) throw new Error('there is a release');
      at.engine.silence('the engine is away');
      const failure = at.run.oneOffs.runReleaseCommand(release);
      await expect.poll(() => states(at), PATIENCE).toEqual(['release.2 v2 starting']);
      await systemClock.sleep(300);
      if (how === 'stopped') at.store.dynos.update(at.dynos()[0]?.instance ?? '', { stopReason: 'stopped' });
      else at.store.apps.markDestroyed(at.appId, 0);
      at.engine.silence(null);
      at.run.loop.notify(at.appId);
      expect(await failure).toMatch(/^the release command/);
      expect(at.engine.calls).toEqual([]);
      await expect.poll(() => states(at), PATIENCE).toEqual([]);
    },
  );

  it('tells again a dyno that could not be told to stop', async () => {
    const at = await world();
    at.scale('worker', 1);
    at.release({ worker: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['worker.1 v2 up']);
    const signal = at.engine.signal.bind(at.engine);
    let refused = 0;
    at.engine.signal = (handle, name) => {
      refused += 1;
      return refused === 1 ? Promise.reject(new Error('busy')) : signal(handle, name);
    };
    at.scale('worker', 0);
    await expect.poll(() => states(at), PATIENCE).toEqual([]);
    expect(at.engine.calls).toContain('SIGTERM worker.1');
    expect(log(at).filter((line) => line.includes('R12'))).toEqual([]);
  });

  it('adopts what an earlier tfkd started, and starts nothing twice', async () => {
    const at = await world();
    at.scale('web', 2);
    at.release({ web: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['web.1 v2 up', 'web.2 v2 up']);
    const before = at.dynos().map(({ instance }) => instance);
    at.nextTfkd();
    await systemClock.sleep(300);
    expect(at.dynos().map(({ instance }) => instance)).toEqual(before);
    expect(at.engine.dynos.filter(({ state }) => state.kind === 'running')).toHaveLength(2);
  });

  it('removes a dyno that no row knows', async () => {
    const at = await world();
    at.scale('worker', 1);
    at.release({ worker: 'run' });
    await expect.poll(() => states(at), PATIENCE).toEqual(['worker.1 v2 up']);
    at.store.dynos.delete(at.dynos()[0]?.instance ?? '');
    at.run.loop.notify(at.appId);
    await expect.poll(() => states(at), PATIENCE).toEqual(['worker.1 v2 up']);
    await expect.poll(() => at.engine.dynos.length, PATIENCE).toBe(1);
  });
});
