import { describe, expect, it } from 'vitest';
import { containerSpec, setUpSql } from '../../../../daemon/addons/postgres/container-spec.js';
import { WhichImage } from '../../../../daemon/addons/postgres/which-image.js';
import type { ServiceImage } from '../../../../daemon/engines/service-host.js';
import { TfkError } from '../../../../daemon/shared/errors.js';

const official = (major: number): ServiceImage =>
  major < 18
    ? {
        env: { PG_MAJOR: String(major), PGDATA: '/var/lib/postgresql/data' },
        volumes: ['/var/lib/postgresql/data'],
      }
    : {
        env: { PG_MAJOR: String(major), PGDATA: `/var/lib/postgresql/${major}/docker` },
        volumes: ['/var/lib/postgresql'],
      };
const request = { progress: () => undefined, signal: new AbortController().signal };

/** A machine with these images, and a registry with those. */
function machine(here: Record<string, ServiceImage>, registry: Record<string, ServiceImage> = {}) {
  const images = { ...here };
  const pulled: string[] = [];
  const services = {
    image: async (reference: string) => images[reference] ?? null,
    pull: async (reference: string) => {
      const found = registry[reference];
      if (!found) throw new TfkError('unavailable', 'no such image');
      pulled.push(reference);
      images[reference] = found;
    },
  };
  return { pulled, which: (setting: string | null) => new WhichImage(services, setting) };
}

describe('the image of a new database', () => {
  it('is the newest that is here, and nothing is fetched for it', async () => {
    const { which, pulled } = machine({ 'postgres:15': official(15), 'postgres:16': official(16) });
    expect(await which(null).forNew(request)).toMatchObject({ image: 'postgres:16', major: 16 });
    expect(pulled).toEqual([]);
  });

  it('is fetched where none is here', async () => {
    const { which } = machine({}, { 'postgres:17': official(17) });
    expect(await which(null).forNew(request)).toMatchObject({ image: 'postgres:17', major: 17 });
  });

  it('is the operator’s, whatever else is here', async () => {
    const { which, pulled } = machine({ 'postgres:15': official(15) }, { 'mine:1': official(18) });
    expect(await which('mine:1').forNew(request)).toMatchObject({ image: 'mine:1', major: 18 });
    expect(pulled).toEqual(['mine:1']);
  });

  it.each([
    [17, '/var/lib/postgresql/data'],
    [18, '/var/lib/postgresql'],
  ])('of PostgreSQL %i has its volume where that image wants it', async (major, dataPath) => {
    const { which } = machine({ 'mine:1': official(major) });
    const { env } = official(major);
    expect(await which('mine:1').forNew(request)).toEqual({
      image: 'mine:1',
      major,
      dataPath,
      pgData: env['PGDATA'],
    });
  });
});

describe('the image of data that is there', () => {
  const dataPath = '/var/lib/postgresql/data';
  const made = { image: 'postgres:15', major: 15, dataPath, pgData: dataPath };

  it('is the one that made it, unless the operator names another of its version', async () => {
    const { which } = machine({ 'mine:15': official(15), 'mine:16': official(16) });
    expect(await which(null).forData(made)).toEqual(made);
    expect(await which('mine:15').forData(made)).toEqual({ ...made, image: 'mine:15' });
    expect(await which('mine:16').forData(made)).toEqual(made);
    expect(await which('absent:15').forData(made)).toEqual(made);
  });

  it('is fetched again where it is gone, and refused where its name means another version by now', async () => {
    const { which, pulled } = machine({}, { 'postgres:15': official(15), 'postgres:latest': official(17) });
    await which(null).assertHere('db', made, request);
    expect(pulled).toEqual(['postgres:15']);
    const moved = { ...made, image: 'postgres:latest' };
    await expect(which(null).assertHere('db', moved, request)).rejects.toMatchObject({ id: 'conflict' });
  });
});

describe('an image that keeps its data elsewhere', () => {
  const dataPath = '/var/lib/postgresql/data';
  const made = { image: 'mine:15', major: 15, dataPath, pgData: dataPath };

  it.each([
    ['another volume', { env: { PG_MAJOR: '15', PGDATA: '/data' }, volumes: ['/data'] }],
    [
      'another folder of the volume',
      { env: { PG_MAJOR: '15', PGDATA: `${dataPath}/15` }, volumes: [dataPath] },
    ],
  ])('in %s, never gets data of that version', async (_, elsewhere) => {
    const { which } = machine({ 'mine:15': elsewhere, 'other:15': elsewhere });
    expect(await which('other:15').forData(made)).toEqual(made);
    await expect(which(null).assertHere('db', made, request)).rejects.toMatchObject({
      id: 'conflict',
      hint: expect.stringContaining(`with PGDATA ${dataPath}`) as string,
    });
  });
});

describe('what a server in a container is told', () => {
  const password = 'pencil-and-paper';

  it('holds no password: not its environment, not the SQL that makes its role', async () => {
    const names = { user: 'u1', second: 'u1b', keeper: 'k1', database: 'd1', scratch: 'd1_scratch' };
    const sql = await setUpSql({
      names,
      passwords: { user: password, second: password, keeper: password },
    });
    expect(sql).toContain(`ALTER ROLE "u1" LOGIN PASSWORD 'SCRAM-SHA-256$`);
    expect(sql).not.toContain(password);
    const place = { id: 'id', hostName: 'postgres-calm-1', apps: [], hostPort: 1, throwaway: 'once' };
    const spec = containerSpec(place, {
      image: 'postgres:15',
      major: 15,
      dataPath: '/data',
      pgData: '/data',
    });
    expect(JSON.stringify({ ...spec, files: {} })).not.toContain('once');
    expect(Object.values(spec.files)).toEqual(['once']);
  });
});
