import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CronRun } from '../../../api/cron.js';
import { LABEL } from '../../../daemon/engines/docker/names.js';
import { describeDocker } from '../../support/docker.js';
import { dynoContainersOf, namesOf, onDocker } from '../../support/engine-under-test.js';
import { aSmallApp, type Installation } from '../../support/installation.js';
import { daemonsOf, killHard } from '../../support/own-processes.js';

await describeDocker('Containers of apps', ({ docker }) => {
  const engine = onDocker(docker);
  let tfk: Installation;
  beforeAll(async () => {
    // What builds are given, and dynos are not.
    tfk = engine.install({ NO_PROXY: 'builds-only.invalid' });
    const cron = [{ command: 'echo "user $(id -u)"', schedule: '0 0 1 1 *' }];
    await tfk.ok('push', tfk.source('shop', aSmallApp('one', { 'app.json': JSON.stringify({ cron }) })));
    await tfk.ok('scale', 'web=2', 'worker=1', '-a', 'shop');
    await tfk.ok('ps:wait', '-a', 'shop');
  });
  afterAll(() => engine.remove(tfk));

  const inspected = async (): Promise<Docker.ContainerInspectInfo[]> =>
    Promise.all((await dynoContainersOf(docker, tfk)).map(({ Id }) => docker.getContainer(Id).inspect()));

  const addressOf = async (app: string): Promise<string> => {
    const containers = await inspected();
    const [web] = containers.filter(({ Name }) => Name.startsWith(`/tfk-${app}-web.1-`));
    const [network] = Object.values(web?.NetworkSettings.Networks ?? {});
    return network?.IPAddress ?? 'nowhere';
  };

  it('carry names and labels by which people and tfkd find them', async () => {
    const containers = await inspected();
    expect(containers.map(({ Config }) => Config.Labels[LABEL.dyno]).sort()).toEqual([
      'web.1',
      'web.2',
      'worker.1',
    ]);
    for (const { Name, Config } of containers) {
      expect(Name).toMatch(/^\/tfk-shop-(web|worker)\.\d-/);
      expect(Config.Labels).toMatchObject({
        [LABEL.home]: namesOf(tfk).home,
        [LABEL.kind]: 'dyno',
        [LABEL.release]: '2',
      });
    }
  });

  it('have no more rights than a server needs', async () => {
    for (const { Config, HostConfig } of await inspected()) {
      expect(HostConfig).toMatchObject({ Privileged: false, CapAdd: null, CapDrop: ['ALL'], Init: true });
      expect(HostConfig.SecurityOpt).toContain('no-new-privileges');
      expect(HostConfig.RestartPolicy).toMatchObject({ Name: 'no' });
      expect(HostConfig.PidsLimit).toBeGreaterThan(0);
      expect(HostConfig.Memory).toBe(512 * 1024 * 1024);
      expect(HostConfig.MemorySwap).toBe(HostConfig.Memory);
      expect(HostConfig.Binds ?? []).toEqual([]);
      expect(HostConfig.NetworkMode).not.toMatch(/^(host|bridge|default|none|container:)/);
      expect(Config.User).toMatch(/^[1-9]\d*(:[1-9]\d*)?$/);
      expect(Config.Env.join('\n')).not.toMatch(/PROXY|builds-only/i);
    }
  });

  it('are made for scheduled jobs, whose ends are noted', async () => {
    const [job] = JSON.parse(await tfk.ok('cron', '--json', '-a', 'shop')) as { id: string }[];
    const id = job?.id ?? '';
    expect(await tfk.ok('cron:run', id, '-a', 'shop')).toMatch(/app\[scheduler\.\d+\]: user [1-9]\d*\n$/);
    const runs = JSON.parse(await tfk.ok('cron:history', id, '--json', '-a', 'shop')) as CronRun[];
    expect(runs).toMatchObject([{ status: 'succeeded', exit_code: 0 }]);
  });

  it('stay the same when tfkd is killed and comes back', async () => {
    const identities = async () =>
      (await inspected()).map(({ Id, State }) => `${Id} ${State.StartedAt} ${State.Status}`).sort();
    const before = await identities();
    expect(daemonsOf(tfk).filter(killHard)).toHaveLength(1);
    expect(await tfk.ok('ps', '-a', 'shop')).toMatch(/web\.1: up[^]*web\.2: up[^]*worker\.1: up/);
    expect(await identities()).toEqual(before);
    expect(await tfk.get('shop')).toMatchObject({ status: 200, body: 'one' });
  });

  it('reach neither another app, nor the API of tfkd, nor the engine', async () => {
    await tfk.ok('push', tfk.source('other', aSmallApp('two')));
    const address = await addressOf('other');
    expect(address).toMatch(/^\d+\./);
    const gateway = '$(ip route 2>/dev/null | cut -d" " -f3 | head -n 1)';
    const attempts = [`http://${address}:5000/`, `http://127.0.0.1:${tfk.running.apiPort}/`].map(
      (url) =>
        `fetch('${url}', { signal: AbortSignal.timeout(3000) }).then(() => console.log('reached ${url}'), () => {})`,
    );
    const ran = await tfk.tfk(
      'run',
      '-a',
      'shop',
      '--',
      'sh',
      '-c',
      `node -e "${attempts.join(';')}"; ls /var/run/docker.sock; echo ${gateway}`,
    );
    expect(ran.stdout).not.toMatch(/reached|^\/var\/run\/docker\.sock/m);
    expect(ran.stderr).toMatch(/No such file/);
    // What it would have answered, had it been reached.
    expect(await (await fetch(`http://${address}:5000/`)).text()).toBe('two');
  });

  it('give a one-off dyno a terminal, where its user has one', async () => {
    const command = 'stty size; read line; echo "got $line"; exit 4';
    const dialogue = { prompt: '24 80', answer: 'a word\r' };
    const ran = await tfk.onTerminal(dialogue, 'run', '-a', 'shop', '--', 'sh', '-c', command);
    expect(ran.stdout.replaceAll('\r', '')).toMatch(/\n24 80\n[^]*got a word\n/);
    expect(ran.code).toBe(4);
  });

  describe('with a Dockerfile', () => {
    it('run it as it is, on its own port', async () => {
      const source = tfk.source('framed', {
        Dockerfile: [
          'FROM node:20-slim',
          'WORKDIR /srv',
          'COPY web.js .',
          'USER node',
          'EXPOSE 3000',
          'ENTRYPOINT ["node"]',
          'CMD ["web.js"]',
          '',
        ].join('\n'),
        'web.js': `require('node:http').createServer((q, r) => r.end(process.cwd() + ' ' + process.getuid())).listen(3000)`,
      });
      await tfk.ok('push', source);
      expect(await tfk.get('framed')).toMatchObject({ status: 200, body: '/srv 1000' });
      const [container] = (await inspected()).filter(({ Name }) => Name.startsWith('/tfk-framed-'));
      expect(container?.HostConfig).toMatchObject({ CapDrop: ['ALL'], Init: true });
    });
  });

  it('run an existing image as it is, and what it has become since', async () => {
    const image = `tfk-e2e-${namesOf(tfk).home}:1`;
    const become = async (text: string): Promise<void> => {
      const program = `require('node:http').createServer((q, r) => r.end('${text}')).listen(8000)`;
      const container = await docker.createContainer({ Image: 'node:20-slim', Cmd: ['node', '-e', program] });
      const [repo, tag] = image.split(':');
      await container.commit({ repo, tag, changes: 'EXPOSE 8000' });
      await container.remove();
    };
    await become('first');
    await tfk.ok('push', '--image', image, '--name', 'existing');
    expect(await tfk.get('existing')).toMatchObject({ status: 200, body: 'first' });
    expect((await tfk.tfk('push', '--image', image, '-a', 'existing')).stdout).toContain('Nothing changed');
    await become('second');
    await tfk.ok('push', '--image', image, '-a', 'existing');
    expect(await tfk.get('existing')).toMatchObject({ status: 200, body: 'second' });
    await tfk.ok('apps:destroy', '-a', 'existing', '--confirm', 'existing');
    await docker.getImage(image).remove({ force: true });
  });

  it('of a database may go, and its data stays', async () => {
    const sql = async (input: string): Promise<string> => {
      const ran = await tfk.tfkWith({ input }, 'pg:psql', '-a', 'shop');
      expect(ran, ran.stderr).toMatchObject({ code: 0 });
      return ran.stdout;
    };
    await tfk.ok('addons:create', 'postgres', '-a', 'shop');
    await sql('create table kept (word text); insert into kept values ($$still here$$);');
    const services = await docker.listContainers({ filters: { label: namesOf(tfk).filter('service') } });
    expect(services).toHaveLength(1);
    for (const { Id } of services) await docker.getContainer(Id).remove({ force: true });
    await tfk.ok('daemon', 'stop');
    await tfk.ok('daemon', 'start');
    await expect
      .poll(
        async () => (await tfk.tfkWith({ input: 'select word from kept' }, 'pg:psql', '-a', 'shop')).stdout,
        {
          timeout: 60_000,
        },
      )
      .toMatch(/still here/);
  });
});
