import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from '../../../../daemon/addons/catalogue.js';
import { ManifestContainer } from '../../../../daemon/addons/manifests/container-kind.js';
import { ManifestAddon, rememberedService } from '../../../../daemon/addons/manifests/manifest-addon.js';
import { readManifests } from '../../../../daemon/addons/manifests/read.js';
import { checkManifest, type Manifest } from '../../../../daemon/addons/manifests/schema.js';
import { filled, placeholdersIn } from '../../../../daemon/addons/manifests/templates.js';
import type { ServiceHost } from '../../../../daemon/engines/service-host.js';
import { systemClock } from '../../../../daemon/shared/clock.js';
import type { AddonRecord } from '../../../../daemon/store/addons.js';

const EXAMPLES = new URL('../../../../docs/addon-manifests/', import.meta.url);

const SMALL = {
  name: 'mongodb',
  image: 'mongo:7',
  port: 27_017,
  data: '/data/db',
  config_vars: { URL: 'mongodb://app:{{password}}@{{host}}:{{port}}/db' },
};

const manifestOf = (fields: object): Manifest => {
  const { manifest, problems } = checkManifest(fields);
  if (!manifest) throw new Error(problems.join('\n'));
  return manifest;
};

describe('a manifest', () => {
  it('needs five fields, and has the usual for the others', () => {
    expect(manifestOf(SMALL)).toEqual({
      name: 'mongodb',
      humanName: 'mongodb',
      image: 'mongo:7',
      command: null,
      env: {},
      files: {},
      passwords: ['password'],
      port: 27_017,
      data: '/data/db',
      readyCommand: null,
      attachment: 'MONGODB',
      configVars: SMALL.config_vars,
      plans: [
        { name: 'local', description: 'mongodb in a container of 512 MB', memoryBytes: 512 * 1024 ** 2 },
      ],
    });
  });

  it.each<[object, string]>([
    [{ ...SMALL, name: undefined }, 'name: should be a string'],
    [
      { ...SMALL, name: 'Mongo DB' },
      'name: should be lower-case letters, digits and dashes, beginning with a letter',
    ],
    [{ ...SMALL, image: 'a b' }, 'image: should be the name of an image'],
    [{ ...SMALL, port: 70_000 }, 'port: should be 1 to 65535'],
    [{ ...SMALL, data: 'data/db' }, 'data: should be an absolute path'],
    [{ ...SMALL, images: 'x' }, 'images: unknown field, did you mean image?'],
    [{ ...SMALL, files: { '/etc/../shadow': '' } }, 'files//etc/../shadow: is not an absolute path'],
    [
      { ...SMALL, attachment: 'mongo' },
      'attachment: should be capitals, digits and _, beginning with a letter',
    ],
    [{ ...SMALL, config_vars: {} }, 'config_vars: is empty'],
    [
      { ...SMALL, config_vars: { URL: '{{pasword}}' } },
      'config_vars/URL: {{pasword}} is none of host, port, password',
    ],
    [{ ...SMALL, files: { '/x': '{{host}}' } }, 'files//x: {{host}} is none of password'],
    [{ ...SMALL, passwords: ['host'] }, 'passwords: host means something else in templates'],
    [{ ...SMALL, plans: [] }, 'plans: is empty'],
    [
      {
        ...SMALL,
        plans: [
          { name: 'one', memory_mb: 64 },
          { name: 'one', memory_mb: 64 },
        ],
      },
      'plans: has a name twice',
    ],
    [{ ...SMALL, plans: [{ name: 'a' }] }, 'plans/0/memory_mb: is missing'],
    [{ ...SMALL, ready: { command: 'ping' } }, 'ready/command: should be a list'],
    [[], 'the whole file: should be an object'],
  ])('with a problem is refused by the field: %#', (fields, problem) => {
    const { manifest, problems } = checkManifest(fields);
    expect(manifest).toBeNull();
    expect(problems).toContain(problem);
  });

  it('keeps passwords out of what docker inspect shows', () => {
    const shown = (fields: object) => checkManifest({ ...SMALL, ...fields }).problems.join();
    expect(shown({ env: { PASSWORD: '{{password}}' } })).toMatch(/^env\/PASSWORD: holds .* docker inspect/);
    expect(shown({ command: ['--password', '{{password}}'] })).toMatch(/^command: holds .* docker inspect/);
    expect(shown({ ready: { command: ['ping', '{{ password }}'] } })).toMatch(/^command: holds/);
  });

  it('is valid in each of the examples', async () => {
    const names = await readdir(EXAMPLES);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      const text = await readFile(new URL(name, EXAMPLES), 'utf8');
      expect(checkManifest(JSON.parse(text)).problems, name).toEqual([]);
    }
  });
});

describe('templates', () => {
  it('are filled, and leave alone what they do not know', () => {
    expect(placeholdersIn('{{a}} {{ b }} {{a}} {c}')).toEqual(['a', 'b']);
    expect(filled('{{a}}-{{ b }}-{{c}}', { a: '1', b: '$&' })).toBe('1-$&-{{c}}');
  });
});

describe('the folder of manifests', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfk-manifests-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('may be missing', async () => {
    expect(await readManifests(join(folder, 'none'), [])).toEqual({ manifests: [], broken: [] });
  });

  it('is read past what is broken in it', async () => {
    await writeFile(join(folder, '1-good.json'), JSON.stringify(SMALL));
    await writeFile(join(folder, '2-twice.json'), JSON.stringify(SMALL));
    await writeFile(join(folder, '3-ours.json'), JSON.stringify({ ...SMALL, name: 'redis' }));
    await writeFile(join(folder, '4-cut.json'), '{"name": ');
    await writeFile(join(folder, '5-large.json'), ' '.repeat(70_000));
    await writeFile(join(folder, 'notes.txt'), 'not a manifest');
    const { manifests, broken } = await readManifests(folder, ['redis']);
    expect(manifests.map(({ name }) => name)).toEqual(['mongodb']);
    expect(broken.map(({ file, problems }) => [file.slice(folder.length + 1), problems.join()])).toEqual([
      ['2-twice.json', 'name: mongodb is the name of another service'],
      ['3-ours.json', 'name: redis is the name of another service'],
      ['4-cut.json', expect.stringMatching(/JSON/)],
      ['5-large.json', 'is larger than 65536 bytes'],
    ]);
  });
});

describe('an add-on of a manifest', () => {
  const parts = {
    containers: {} as ServiceHost,
    clock: systemClock,
    portsInUse: async () => new Set<number>(),
  };
  const service = new ManifestAddon(manifestOf(SMALL), parts);
  const kept = { image: 'mongo:6', manifest: JSON.stringify(manifestOf(SMALL)) };
  const addon = {
    id: 'id',
    name: 'mongodb-calm-1',
    hostName: 'mongodb-calm-1',
    plan: 'mongodb:local',
    data: { host: 'docker', port: 20_001, secret_password: 'pencil', ...kept },
    engine: 'docker' as const,
    apps: [],
  };

  it('gives its config vars as dynos of either engine reach it', () => {
    expect(service.configVars(addon, 'MONGODB', 'docker')).toEqual({
      MONGODB_URL: 'mongodb://app:pencil@mongodb-calm-1:27017/db',
    });
    expect(service.configVars(addon, 'OTHER', 'process')).toEqual({
      OTHER_URL: 'mongodb://app:pencil@127.0.0.1:20001/db',
    });
    expect(service.configKeys('OTHER')).toEqual(['OTHER_URL']);
  });

  it('is found by its name and its plans', () => {
    const catalogue = new Catalogue([service], {});
    expect(catalogue.planOf('mongodb').plan).toBe('mongodb:local');
    expect(() => catalogue.planOf('mongodb:huge')).toThrow(/Couldn't find/);
  });

  it('needs Docker, and says how to have it; where nothing was made nothing is removed', async () => {
    const request = {
      ...addon,
      engine: 'process' as const,
      progress: () => undefined,
      signal: new AbortController().signal,
    };
    await expect(service.provision(request)).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringContaining('embedded engine. Nothing was created.') as string,
      hint: expect.stringContaining('tfk apps:engine docker') as string,
    });
    await expect(service.deprovision({ ...request, data: {} })).resolves.toBeUndefined();
  });

  it('has its passwords in files alone', () => {
    const files = { '/etc/tfk/password': '{{password}}' };
    const kind = new ManifestContainer(manifestOf({ ...SMALL, files }), parts.containers);
    const { files: written, ...rest } = kind.spec(addon, { image: 'mongo:7', manifest: '' }, addon.data);
    expect(written).toEqual({ '/etc/tfk/password': 'pencil' });
    expect(JSON.stringify(rest)).not.toContain('pencil');
  });

  it('goes on as it was made where its manifest is gone', () => {
    const catalogue = new Catalogue([], {}, ({ data }) => rememberedService(data, parts));
    const record = { service: 'mongodb', data: addon.data } as unknown as AddonRecord;
    expect(catalogue.of(record).configVars(addon, 'MONGODB', 'process')).toEqual(
      service.configVars(addon, 'MONGODB', 'process'),
    );
    expect(() => catalogue.of({ ...record, data: { port: 1 } })).toThrow(/does not know the service mongodb/);
  });
});
