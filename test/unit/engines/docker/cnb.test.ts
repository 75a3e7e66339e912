import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { carried, Meter, ownedBy } from '../../../../daemon/engines/docker/build/cnb/carry.js';
import { BuilderSupply } from '../../../../daemon/engines/docker/build/cnb/images.js';
import { Phases } from '../../../../daemon/engines/docker/build/cnb/phases.js';
import {
  archiveOf,
  files,
  folders,
  fromRoot,
  type Part,
} from '../../../../daemon/engines/docker/build/steps/archives.js';

async function headersOf(...parts: Part[]): Promise<Header[]> {
  const headers: Header[] = [];
  const entries = extract();
  archiveOf(parts).pipe(entries);
  for await (const entry of entries) {
    headers.push(entry.header);
    entry.resume();
  }
  return headers;
}

/** The engine's archive of a folder `app` with these entries. */
async function anArchive(mtime: number, content = 'abc'): Promise<Readable> {
  const archive = pack();
  const common = { uid: 7, gid: 8, mtime: new Date(mtime) };
  archive.entry({ ...common, name: 'app/', type: 'directory', mode: 0o755 });
  archive.entry({ ...common, name: 'app/run', mode: 0o4755 }, content);
  archive.entry({ ...common, name: 'app/same', type: 'link', linkname: 'app/run' });
  archive.entry({ ...common, name: 'app/pipe', type: 'fifo' });
  archive.finalize();
  return Readable.from([await buffer(archive)]);
}

test('carries what another container has to the same place, with owners and modes', async () => {
  const meter = new Meter(1000);
  const headers = await headersOf(carried('/layers/app', () => anArchive(1000), meter));
  expect(headers.map(({ name, type, linkname }) => [name, type, linkname])).toEqual([
    ['layers/app/', 'directory', null],
    ['layers/app/run', 'file', null],
    ['layers/app/same', 'link', 'layers/app/run'],
  ]);
  expect(headers[1]).toMatchObject({ uid: 7, gid: 8, mode: 0o4755 });
  expect(meter.bytes).toBe(3);
});

describe('what is carried under a name that needs extended records', () => {
  const LONG = `größe-${'n'.repeat(150)}`;
  /** As Go's archives have them: the records say the whole names, and what else the header has no place for. */
  const named = async (): Promise<Readable> => {
    const archive = pack();
    const common = { mode: 0o644, uid: 7, gid: 8, mtime: new Date(1000) };
    const more = { 'SCHILY.xattr.user.a': 'b' };
    for (const name of ['app/größe.txt', `app/${LONG}`])
      archive.entry({ ...common, name, pax: { path: name, size: '3', ...more } }, 'abc');
    const link = { name: 'app/same', linkname: `app/${LONG}` };
    archive.entry({ ...common, ...link, type: 'link', pax: { path: link.name, linkpath: link.linkname } });
    archive.finalize();
    return Readable.from([await buffer(archive)]);
  };

  test.each([
    ['into an image of a builder', async () => carried('/layers/app', named, new Meter(1000))],
    ['between the containers of steps', async () => fromRoot('layers/app', await named())],
  ])('is at the same place: %s', async (_, part) => {
    const headers = await headersOf(await part());
    expect(headers.map(({ name, linkname }) => [name, linkname])).toEqual([
      ['layers/app/größe.txt', null],
      [`layers/app/${LONG}`, null],
      ['layers/app/same', `layers/app/${LONG}`],
    ]);
    expect(headers[0]?.pax).toMatchObject({ 'SCHILY.xattr.user.a': 'b' });
  });
});

test('tells two contents apart, whenever they were made', async () => {
  const digestOf = async (mtime: number, content?: string) => {
    const meter = new Meter(1000);
    await headersOf(carried('/app', () => anArchive(mtime, content), meter));
    return meter.digest();
  };
  expect(await digestOf(1000)).toBe(await digestOf(9000));
  expect(await digestOf(1000)).not.toBe(await digestOf(1000, 'abd'));
});

test('refuses what is beyond the slug’s limit before it is carried', async () => {
  const meter = new Meter(10, 8);
  const archive = archiveOf([carried('/app', () => anArchive(1000), meter)]);
  await expect(buffer(archive)).rejects.toThrow(/more than the limit/);
});

test('gives the files of a part to another user', async () => {
  const parts = [folders(['a/b'], 0), files(new Map([['a/b/c', Buffer.from('x')]]), 0, 0o600)];
  const headers = await headersOf(...parts.map((part) => ownedBy({ uid: 1, gid: 2 }, part)));
  expect(headers.map(({ name, uid, gid }) => [name, uid, gid])).toEqual([
    ['a/', 1, 2],
    ['a/b/', 1, 2],
    ['a/b/c', 1, 2],
  ]);
});

describe('the run image of a builder', () => {
  const metadata = {
    lifecycle: { apis: { platform: { supported: ['0.12'] } } },
    stack: { runImage: { image: 'my/run' } },
  };
  const obtain = (labels: Readonly<Record<string, string>>) => {
    const configs: Readonly<Record<string, unknown>> = {
      'my/builder': {
        Labels: { 'io.buildpacks.builder.metadata': JSON.stringify(metadata) },
        Env: ['CNB_USER_ID=1', 'CNB_GROUP_ID=1'],
      },
      'my/run': { Labels: labels },
    };
    const docker = {
      getImage: (ref: string) => ({
        inspect: async () => ({ Id: `sha256:of-${ref}`, Config: configs[ref] }),
      }),
    };
    const supply = new BuilderSupply({
      client: { api: async () => docker } as never,
      supply: { ensureAll: async () => undefined },
    });
    const planned = { image: 'my/builder', by: 'TFK_BUILDER', group: [], files: null, env: {} };
    return supply.obtain(planned, {} as never, new AbortController().signal);
  };

  test('is none that tfk has made, or what stands on it', async () => {
    expect((await obtain({ 'io.buildpacks.stack.id': 'x', 'tfk.test.x': '' })).run.ref).toBe('my/run');
    for (const label of ['tfk.images', 'tfk.layers', 'tfk.home'])
      await expect(obtain({ [label]: '' })).rejects.toMatchObject({
        fault: { reason: 'runtime', message: expect.stringContaining(`the label ${label}`) as string },
      });
  });
});

test.each([
  ['TFK_BUILDER', /for none, type `tfk config:unset TFK_BUILDER`/],
  ['project.toml', /for none, remove `builder` from project.toml/],
])('says how to do without the builder that %s names', async (by, hint) => {
  const phases = new Phases({
    image: 'my/builder',
    by,
    builder: { user: { uid: 1, gid: 1 }, platformApi: '0.12', order: [] },
    commands: { command: async () => 'exited with status 20' },
  } as unknown as ConstructorParameters<typeof Phases>[0]);
  await expect(phases.detect()).rejects.toMatchObject({
    fault: { reason: 'detect', hint: expect.stringMatching(hint) as string },
  });
});
