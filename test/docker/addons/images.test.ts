import { randomBytes } from 'node:crypto';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../daemon/shared/ids.js';
import { describeDocker, leftoversOf, removeAllOf } from '../../support/docker.js';
import {
  aFolder,
  aHomeOn,
  anAddonService,
  aRequest,
  IMAGE,
  provisioned,
  query,
  removeFolder,
  type TestHome,
} from './support.js';

await describeDocker('The image of a PostgreSQL', (engine) => {
  const { docker } = engine;
  const mine = `tfk-test-${randomBytes(4).toString('hex')}`;
  let folder: string;
  let home: TestHome;

  beforeAll(async () => {
    folder = await aFolder();
    home = aHomeOn(engine);
  });
  afterAll(async () => {
    await removeAllOf(docker, home.names);
    await removeFolder(folder);
  });

  /** A further image of this test's home, made of another. */
  const madeOf = async (from: string, tag: string, lines: string[] = []): Promise<string> => {
    const context = pack();
    const labels = Object.entries(home.names.labels('slug')).map(([key, value]) => `LABEL ${key}=${value}`);
    context.entry({ name: 'Dockerfile' }, [`FROM ${from}`, ...labels, ...lines].join('\n'));
    context.finalize();
    const stream = await docker.buildImage(context as unknown as NodeJS.ReadableStream, {
      t: `${mine}:${tag}`,
    });
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
    );
    return `${mine}:${tag}`;
  };
  const service = (postgresImage: string | null) => anAddonService(folder, home, { postgresImage });

  it('is one that is here, where the operator names none', async () => {
    const addon = await provisioned(service(null));
    expect(addon.data['image']).toMatch(/^postgres:1[5-9]$/);
    expect(addon.data['dataPath']).toBe('/var/lib/postgresql/data');
    await service(null).deprovision(addon);
  });

  it('that cannot be fetched is told with the reason and the setting, and leaves nothing', async () => {
    const missing = `127.0.0.1:1/${mine}:none`;
    await expect(service(missing).provision(aRequest())).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringContaining(`The image ${missing} could not be fetched: `) as string,
      hint: expect.stringContaining('TFK_ADDON_POSTGRES_IMAGE') as string,
    });
    expect(await leftoversOf(docker, home.names)).toEqual([]);
  });

  it('that is no PostgreSQL, or too old a one, is refused before anything is made', async () => {
    await expect(service('node:20-slim').provision(aRequest())).rejects.toMatchObject({
      id: 'invalid_params',
      message: expect.stringContaining('node:20-slim is no image of PostgreSQL') as string,
    });
    const old = await madeOf(IMAGE, 'old', ['ENV PG_MAJOR=12']);
    await expect(service(old).provision(aRequest())).rejects.toThrow(
      /is of PostgreSQL 12\. Nothing was created/,
    );
    expect((await leftoversOf(docker, home.names)).filter((thing) => !thing.startsWith('image'))).toEqual([]);
  });

  it('whose server does not start is told in its own words, and leaves nothing', async () => {
    const broken = await madeOf(IMAGE, 'broken', [
      'ENTRYPOINT ["sh", "-c", "echo FATAL: the moon is full >&2; exit 3"]',
    ]);
    await expect(service(broken).provision(aRequest())).rejects.toMatchObject({
      message: expect.stringContaining('did not start: the moon is full') as string,
      hint: 'Nothing is left of it.',
    });
    expect((await leftoversOf(docker, home.names)).filter((thing) => !thing.startsWith('image'))).toEqual([]);
  });

  it('of a newer version is refused on older data, which is not touched; and the old one finds all its rows', async () => {
    const name = await madeOf(IMAGE, 'moving');
    const addon = await provisioned(service(name));
    const url = service(name).configVars(addon, 'DATABASE', 'process')['DATABASE_URL'];
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS n');
    await service(name).stop(addon);
    await madeOf(IMAGE, 'moving', ['ENV PG_MAJOR=99']);
    await expect(service(name).ensureRunning(addon)).rejects.toMatchObject({
      id: 'conflict',
      message: expect.stringMatching(
        /is of PostgreSQL 15, and the image .* is of 99.*data is untouched/,
      ) as string,
      hint: expect.stringContaining('TFK_ADDON_POSTGRES_IMAGE') as string,
    });
    // The setting names another image of the data's own version: that one runs it.
    await service(IMAGE).ensureRunning(addon);
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await service(IMAGE).deprovision(addon);
  });

  it('of a newer version serves new databases only, and leaves running ones alone', async () => {
    const addon = await provisioned(service(IMAGE));
    const newer = await madeOf(IMAGE, 'newer', ['ENV PG_MAJOR=99']);
    const container = docker.getContainer(home.names.service(addon.id));
    const { Id } = await container.inspect();
    await service(newer).ensureRunning(addon);
    expect((await container.inspect()).Id).toBe(Id);
    await service(IMAGE).deprovision(addon);
  });

  it('is nothing to a name that a stranger’s container has: nothing is made, and nothing of his is touched', async () => {
    const id = newId();
    const stranger = await docker.createContainer({
      name: home.names.service(id),
      Image: IMAGE,
      Entrypoint: [],
      Cmd: ['sleep', '600'],
      HostConfig: { Init: true, NetworkMode: 'none' },
    });
    try {
      await stranger.start();
      await expect(service(IMAGE).provision(aRequest({ id }))).rejects.toMatchObject({
        id: 'conflict',
        message: expect.stringContaining('is not tfk’s. Nothing was touched.') as string,
      });
      expect((await stranger.inspect()).State.Running).toBe(true);
      expect((await leftoversOf(docker, home.names)).filter((thing) => !thing.startsWith('image'))).toEqual(
        [],
      );
    } finally {
      await stranger.remove({ force: true, v: true });
    }
  });

  it('is no reason to leave anything when its making is cancelled', async () => {
    const stop = new AbortController();
    const progress = (text: string) => text.startsWith('Creating') && setTimeout(() => stop.abort(), 300);
    const request = aRequest({ signal: stop.signal, progress });
    await expect(service(IMAGE).provision(request)).rejects.toThrow(/was cancelled/);
    expect((await leftoversOf(docker, home.names)).filter((thing) => !thing.startsWith('image'))).toEqual([]);
  });
});
