import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { busyApp, Load } from '../../support/busy-app.js';
import { describeDocker, removeAllOf } from '../../support/docker.js';
import { dynoContainersOf, namesOf, onProcess } from '../../support/engine-under-test.js';
import { Installation } from '../../support/installation.js';

/** Reaches the database at the address that the dyno was given under this name, and says so. */
const KNOCK = `const { hostname, port } = new URL(process.env[process.argv[1]]);
require('node:net').connect(port, hostname, function () { console.log('reached'); this.end(); }).on('error', (e) => { console.log(e.message); process.exitCode = 1; });`;

await describeDocker('An app that moves between engines', ({ docker }) => {
  let tfk: Installation;
  const databases = ['DATABASE_URL'];

  beforeAll(async () => {
    tfk = new Installation({ TFK_ENGINE: 'process' });
    await tfk.ok('push', tfk.source('busy', busyApp()));
    await tfk.ok('scale', 'web=2', 'worker=1', '-a', 'busy');
    await tfk.ok('addons:create', 'postgres', '-a', 'busy');
    await tfk.ok('config:set', 'COLOUR=blue', '-a', 'busy');
    await tfk.ok('ps:wait', '-a', 'busy');
    await tfk.ok('pg:psql', '-a', 'busy', '-c', "create table kept as select 'still here' as word");
  });
  afterAll(async () => {
    await tfk.remove();
    await removeAllOf(docker, namesOf(tfk));
  });

  const version = async (): Promise<number> =>
    (JSON.parse(await tfk.ok('releases', '--json', '-a', 'busy')) as { version: number }[])[0]?.version ?? 0;

  /** Moves under load, and expects the app with all it has on the engine alone. */
  async function move(engine: 'docker' | 'process'): Promise<void> {
    const before = await version();
    const load = new Load(tfk, 'busy', 50);
    await tfk.ok('apps:engine', engine, '-a', 'busy');
    await tfk.ok('ps:wait', '-a', 'busy');
    const { failed, served } = await load.end();
    expect(failed).toBe(JSON.stringify({ non2xx: 0, errors: 0, timeouts: 0 }));
    expect(served).toBeGreaterThan(50);
    expect(await version()).toBe(before + 1);
    await expectOn(engine);
  }

  async function expectOn(engine: 'docker' | 'process'): Promise<void> {
    const formation = 3;
    const containers = async () => runningOf(await dynoContainersOf(docker, tfk));
    const folders = async () => (await onProcess.traces(tfk))['process of']?.length;
    await expect.poll(containers, { timeout: 60_000 }).toBe(engine === 'docker' ? formation : 0);
    await expect.poll(folders, { timeout: 60_000 }).toBe(engine === 'docker' ? 0 : formation);
    expect(await tfk.get('busy')).toMatchObject({ status: 200, body: 'busy' });
    expect(await tfk.ok('config:get', 'COLOUR', '-a', 'busy')).toBe('blue\n');
    for (const name of databases) {
      expect(await tfk.ok('run', '-a', 'busy', '--', 'node', '-e', KNOCK, name)).toBe('reached\n');
      const select = 'select word from kept';
      expect(await tfk.ok('pg:psql', name, '-a', 'busy', '-c', select)).toContain('still here');
    }
  }

  it('goes to Docker without a failed request, with its config and data', () => move('docker'));

  it('gets a database in a container there, beside the one on this machine', async () => {
    await tfk.ok('addons:create', 'postgres', '--as', 'SECOND', '-a', 'busy');
    databases.push('SECOND_URL');
    const make = "create table kept as select 'still here' as word";
    await tfk.ok('pg:psql', 'SECOND_URL', '-a', 'busy', '-c', make);
    const filters = { label: namesOf(tfk).filter('service') };
    expect(await docker.listContainers({ filters })).toHaveLength(1);
    await expectOn('docker');
  });

  it('stays there when tfkd is killed in between', async () => {
    process.kill(tfk.running.pid, 'SIGKILL');
    expect(await tfk.ok('apps:engine', '-a', 'busy')).toBe('docker\n');
    await expectOn('docker');
  });

  it('comes back likewise', () => move('process'));

  it('runs the releases of either engine, by rollback', async () => {
    const home = await version();
    await tfk.ok('rollback', `v${home - 1}`, '-a', 'busy');
    await tfk.ok('ps:wait', '-a', 'busy');
    await expectOn('docker');
    await tfk.ok('rollback', `v${home}`, '-a', 'busy');
    await tfk.ok('ps:wait', '-a', 'busy');
    await expectOn('process');
  });

  it('goes nowhere where it is already, nor to what is no engine', async () => {
    const before = await version();
    expect(await tfk.ok('apps:engine', 'process', '-a', 'busy')).toContain('runs on process already');
    const refused = await tfk.tfk('apps:engine', 'podman', '-a', 'busy');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('There is no engine "podman". Nothing was changed.');
    expect(await version()).toBe(before);
  });
});

const runningOf = (containers: readonly Docker.ContainerInfo[]): number =>
  containers.filter(({ State, Labels }) => State === 'running' && !Labels['tfk.dyno']?.startsWith('run.'))
    .length;
