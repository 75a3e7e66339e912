import Database from 'better-sqlite3';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.js';
import { lockHome } from '../../../daemon/store/home-lock.js';
import { hostsOfAddons } from '../../../daemon/store/migrations/0006-hosts-of-addons.js';
import { migrations } from '../../../daemon/store/migrations/index.js';
import { loadKey, SecretBox } from '../../../daemon/store/secret-box.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const FIRST = { sql: 'CREATE TABLE one (x INTEGER) STRICT' };
const SECOND = { sql: 'ALTER TABLE one ADD COLUMN y INTEGER' };

describe('the control database', () => {
  it('waits for the disk at each commit', () => {
    const db = openDatabase(join(tempHome(), 'tfk.db'));
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
  });

  it('can be opened by its owner only', () => {
    const path = join(tempHome(), 'tfk.db');
    openDatabase(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is brought forward step by step, after a copy of the file', () => {
    const home = tempHome();
    const path = join(home, 'tfk.db');
    const old = openDatabase(path, [FIRST]);
    old.exec('INSERT INTO one VALUES (7)');
    old.close();
    const db = openDatabase(path, [FIRST, SECOND]);
    expect(db.prepare('SELECT x, y FROM one').get()).toEqual({ x: 7, y: null });
    db.close();
    const copy = new Database(join(home, 'tfk.db.before-schema-2'), { readonly: true });
    expect(copy.pragma('user_version', { simple: true })).toBe(1);
    copy.close();
  });

  it('of before add-ons had host names lets containers find theirs as ever', () => {
    const path = join(tempHome(), 'tfk.db');
    const old = openDatabase(path, migrations.slice(0, migrations.indexOf(hostsOfAddons)));
    old.exec(`
      INSERT INTO apps (id, name, created_at, updated_at) VALUES ('a1', 'shop', 1, 1);
      INSERT INTO addons (id, app_id, name, service, plan, state, created_at, updated_at)
        VALUES ('d1', 'a1', 'postgres-calm-1', 'postgres', 'postgres:local', 'provisioned', 1, 1)`);
    old.close();
    const db = openDatabase(path);
    expect(db.prepare('SELECT name, host_name FROM addons').get()).toEqual({
      name: 'postgres-calm-1',
      host_name: 'postgres-calm-1',
    });
    db.close();
  });

  it('stays as it was when a step fails half-way', () => {
    const path = join(tempHome(), 'tfk.db');
    openDatabase(path, [FIRST]).close();
    expect(() =>
      openDatabase(path, [FIRST, { sql: 'CREATE TABLE two (x INTEGER) STRICT; SELECT nonsense' }]),
    ).toThrow();
    const db = new Database(path);
    expect(db.pragma('user_version', { simple: true })).toBe(1);
    expect(db.prepare("SELECT name FROM sqlite_master WHERE name = 'two'").get()).toBeUndefined();
    db.close();
  });

  it('of a newer tfk is refused and not touched', () => {
    const path = join(tempHome(), 'tfk.db');
    openDatabase(path, [FIRST, SECOND]).close();
    const before = readFileSync(path);
    expect(() => openDatabase(path, [FIRST])).toThrow(/newer tfk \(schema 2, this one knows 1\)/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe('the home lock', () => {
  it('lets one tfkd in', () => {
    const home = tempHome();
    const unlock = lockHome(home);
    expect(() => lockHome(home)).toThrow(/Another tfkd/);
    unlock();
    lockHome(home)();
  });

  it('tells from the first moment on who holds it, also after a tfkd that was killed', () => {
    const home = tempHome();
    const pidFile = join(home, 'run', 'tfkd.pid');
    writeFileSync(pidFile, '999999\n');
    const unlock = lockHome(home);
    expect(readFileSync(pidFile, 'utf8')).toBe(`${process.pid}\n`);
    unlock();
    expect(existsSync(pidFile)).toBe(false);
  });
});

describe('secrets', () => {
  it('open only with their key and in their place', () => {
    const box = new SecretBox(Buffer.alloc(32, 1));
    const sealed = box.seal('hunter2', 'release:a:config');
    expect(box.open(sealed, 'release:a:config')).toBe('hunter2');
    expect(() => box.open(sealed, 'release:b:config')).toThrow(/does not open/);
    expect(() => new SecretBox(Buffer.alloc(32, 2)).open(sealed, 'release:a:config')).toThrow(
      /does not open/,
    );
  });

  it('do not open when any byte was changed', () => {
    const box = new SecretBox(Buffer.alloc(32, 1));
    const sealed = box.seal('hunter2', 'c');
    for (let index = 0; index < sealed.length; index++) {
      const damaged = Buffer.from(sealed);
      damaged[index] = (damaged[index] ?? 0) ^ 1;
      expect(() => box.open(damaged, 'c')).toThrow();
    }
  });

  it('have a key that only its owner can read', () => {
    const path = join(tempHome(), 'secret.key');
    const key = loadKey(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadKey(path).equals(key)).toBe(true);
    chmodSync(path, 0o644);
    expect(() => loadKey(path)).toThrow(/can be read by others/);
  });

  it('have a key of the right length, or tfkd does not start', () => {
    const path = join(tempHome(), 'secret.key');
    writeFileSync(path, 'short', { mode: 0o600 });
    expect(() => loadKey(path)).toThrow(/not 32/);
  });
});

describe('the environment that a slug was given by what built it', () => {
  const slug = {
    id: 's1',
    appId: 'a1',
    contentKey: 'k',
    artifact: { engine: 'process', id: 'x', size: 1 },
    processTypes: {},
    launchEnv: { LANG: 'C' },
    launchPath: [],
    healthchecks: null,
    checksum: 'SHA256:0',
    commit: null,
    planner: 'buildpacks',
    size: 1,
    createdAt: 1,
  };
  const withApps = (home: string): Store => {
    const store = Store.open(home);
    for (const id of ['a1', 'a2'])
      store.apps.insert({ id, name: `shop-${id}`, engine: 'process', createdAt: 0 });
    return store;
  };
  const isOnDisk = (home: string, text: string): boolean =>
    readdirSync(home).some(
      (name) => statSync(join(home, name)).isFile() && readFileSync(join(home, name)).includes(text),
    );

  it('is sealed, also in the row of an app that it is promoted to', () => {
    const home = tempHome();
    const store = withApps(home);
    store.slugs.insert({ ...slug, broughtEnv: { SEED: 'open-sesame' } });
    const found = store.slugs.byId('s1');
    expect(found).toMatchObject({ launchEnv: { LANG: 'C' }, broughtEnv: { SEED: 'open-sesame' } });
    if (found) store.slugs.adopt(found, 'a2', 's2', 2);
    expect(store.slugs.byId('s2')?.broughtEnv).toEqual({ SEED: 'open-sesame' });
    expect(isOnDisk(home, 'open-sesame')).toBe(false);
    store.close();
    expect(isOnDisk(home, 'open-sesame')).toBe(false);
  });

  it('is sealed when tfkd starts, where an earlier one had kept it as it was', () => {
    const home = tempHome();
    const old = withApps(home);
    old.slugs.insert({ ...slug, launchEnv: { LANG: 'C', SEED: 'open-sesame' } });
    old.slugs.insert({ ...slug, id: 's2', planner: 'node', launchEnv: { NODE_ENV: 'production' } });
    old.close();
    const store = Store.open(home);
    expect(store.slugs.byId('s1')).toMatchObject({
      launchEnv: {},
      broughtEnv: { LANG: 'C', SEED: 'open-sesame' },
    });
    expect(store.slugs.byId('s2')).toMatchObject({ launchEnv: { NODE_ENV: 'production' }, broughtEnv: {} });
    store.close();
    expect(isOnDisk(home, 'open-sesame')).toBe(false);
  });
});

describe('tokens', () => {
  it('are stored as hashes, expire, and can be revoked', () => {
    const home = tempHome();
    const store = Store.open(home);
    const userId = store.account.ensure('ada@example.com', 0).id;
    const token = { id: 't', userId, description: 'ci', scope: ['read'], createdAt: 0, expiresAt: 1000 };
    store.tokens.insert('tfk_secret', token);
    expect(store.tokens.findValid('tfk_secret', 999)).toEqual({ ...token, updatedAt: 0 });
    expect(store.tokens.findValid('tfk_secret', 1000)).toBeUndefined();
    expect(store.tokens.findValid('tfk_other', 999)).toBeUndefined();
    store.tokens.replace('t', 'tfk_renewed', 5);
    expect(store.tokens.findValid('tfk_secret', 999)).toBeUndefined();
    expect(store.tokens.findValid('tfk_renewed', 999)?.updatedAt).toBe(5);
    store.tokens.delete('t');
    expect(store.tokens.findValid('tfk_renewed', 999)).toBeUndefined();
    store.close();
    for (const name of readdirSync(home).filter((file) => file.startsWith('tfk.db'))) {
      expect(readFileSync(join(home, name)).includes('tfk_secret')).toBe(false);
    }
  });
});
