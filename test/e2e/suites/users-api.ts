import { appendFileSync, cpSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import type { Installation } from '../../support/installation.js';

const EXAMPLE = fileURLToPath(new URL('../../../examples/users-api', import.meta.url));
const JSON_TYPE = { 'content-type': 'application/json' };

/** The sample workload, with a real database behind it; the tests build on each other, in order. */
export function describeUsersApi(engine: EngineUnderTest): void {
  describe(`the users API on the ${engine.name} engine`, () => {
    let tfk: Installation;
    let source: string;
    beforeAll(async () => {
      tfk = engine.install();
      source = join(tfk.folder, 'users-api');
      const untracked = new Set(['node_modules', 'dist', 'dist-test', '.tfk']);
      cpSync(EXAMPLE, source, {
        recursive: true,
        filter: (path) => path === EXAMPLE || !untracked.has(basename(path)),
      });
      await tfk.ok('push', source);
    });
    afterAll(() => engine.remove(tfk));

    const post = (body: object) => tfk.get('users-api', '/users', 'POST', JSON_TYPE, JSON.stringify(body));

    it('is deployed with its database, its formation and its release command in three releases', async () => {
      const releases = JSON.parse(await tfk.ok('releases', '--json', '-a', 'users-api')) as {
        description: string;
      }[];
      expect(
        releases.map(({ description }) => description.replace(/\b[0-9a-f]{8}\b|@ref:\S+(?=\))/g, '…')).sort(),
      ).toEqual(['Attach DATABASE (…)', 'Deploy …', 'Initial release']);
      expect(await tfk.ok('releases:output', 'v3', '-a', 'users-api')).toMatch(/Schema is up to date/);
      const types = (JSON.parse(await tfk.ok('ps', '--json', '-a', 'users-api')) as { type: string }[]).map(
        ({ type }) => type,
      );
      expect(types.sort()).toEqual(['clock', 'web', 'worker']);
    });

    it('answers that it is healthy', async () => {
      const { status, body } = await tfk.get('users-api', '/health');
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ status: 'healthy', database: 'connected', version: 'v3' });
    });

    it('keeps users, and says what is wrong with those it does not keep', async () => {
      const made = await post({ username: 'ada', email: 'ada@example.com' });
      expect(made.status).toBe(201);
      const { id } = JSON.parse(made.body) as { id: number };
      expect((await post({ username: 'ada', email: 'other@example.com' })).status).toBe(409);
      expect((await post({ username: 'bob' })).status).toBe(400);
      expect((await tfk.get('users-api', `/users/${id}`)).body).toContain('ada@example.com');
      expect((await tfk.get('users-api', '/users/999999')).status).toBe(404);
      expect(JSON.parse((await tfk.get('users-api', '/users')).body)).toMatchObject({
        count: 1,
        users: [{ username: 'ada' }],
      });
    });

    it('welcomes each user once, with two workers', async () => {
      await tfk.ok('scale', 'worker=2', '-a', 'users-api');
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => post({ username: `user${n}`, email: `user${n}@example.com` })),
      );
      const welcomes = async () =>
        (await tfk.ok('logs', '-n', '2000', '-p', 'worker', '-a', 'users-api')).match(
          /welcome to user\d+ sent/g,
        ) ?? [];
      await expect
        .poll(async () => (await welcomes()).length, { timeout: 60_000 })
        .toBeGreaterThanOrEqual(20);
      expect(new Set(await welcomes()).size).toBe((await welcomes()).length);
    });

    it('runs its admin processes on the same release and database', async () => {
      expect(await tfk.ok('run', 'migrate', '-a', 'users-api')).toMatch(/nothing to run/);
      const count = await tfk.tfkWith({ input: 'select count(*) from users' }, 'pg:psql', '-a', 'users-api');
      expect(count).toMatchObject({ code: 0 });
      expect(count.stdout).toMatch(/\b21\b/);
    });

    it('is rebuilt without reinstalling after one changed line, and rolls back with its data', async () => {
      appendFileSync(join(source, 'src', 'web.ts'), '\n// one changed line\n');
      const pushed = await tfk.tfk('push', source);
      expect(pushed).toMatchObject({ code: 0 });
      expect(pushed.stderr).toMatch(/taken from the cache/);
      expect(pushed.stderr).not.toMatch(/added \d+ packages/);
      expect(await tfk.ok('releases:diff', 'v3', 'v4', '-a', 'users-api')).toMatch(/src\/web\.ts/);
      await tfk.ok('rollback', 'v3', '-a', 'users-api');
      await expect
        .poll(async () => (await tfk.get('users-api', '/health')).body, { timeout: 60_000 })
        .toContain('"version":"v5"');
      expect(JSON.parse((await tfk.get('users-api', '/users')).body)).toMatchObject({ count: 21 });
    });

    it('loses its database with itself, and nothing of either stays on the disk', async () => {
      await tfk.ok('apps:destroy', '-a', 'users-api', '--confirm', 'users-api');
      await expect.poll(async () => (await tfk.get('users-api')).status, { timeout: 60_000 }).toBe(404);
      await expect.poll(() => engine.remains(tfk), { timeout: 60_000 }).toEqual([]);
      rmSync(source, { recursive: true });
    });
  });
}
