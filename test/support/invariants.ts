import Database from 'better-sqlite3';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onProcess, type EngineUnderTest } from './engine-under-test.js';
import type { Installation } from './installation.js';
import { daemonsOf, holdersOf, routerWorkersOf } from './own-processes.js';

type Connection = InstanceType<typeof Database>;
type Row = Readonly<Record<string, string | number | null>>;

/** Resolves when all that must hold of an installation at rest does; fails with what does not. */
export async function untilSound(
  tfk: Installation,
  engine: EngineUnderTest = onProcess,
  timeout = 90_000,
): Promise<void> {
  const until = performance.now() + timeout;
  for (;;) {
    const found = await violations(tfk, engine);
    if (found.length === 0) return;
    if (performance.now() > until) throw new Error(`${found.join('\n')}\n${tfk.daemonLog()}`);
    await sleep(250);
  }
}

/** What does not hold, a sentence each: of the store, the dynos, the processes, the router's table and the files. */
async function violations(tfk: Installation, engine: EngineUnderTest): Promise<string[]> {
  const traces = await engine.traces(tfk);
  const db = new Database(join(tfk.home, 'tfk.db'), { readonly: true });
  try {
    return [
      ...ofDatabase(db),
      ...ofReleases(db),
      ...ofBuilds(db),
      ...ofFormation(db),
      ...ofDynos(traces, db),
      ...ofProcesses(tfk),
      ...ofRoutes(tfk, db),
      ...ofFiles(tfk),
    ];
  } finally {
    db.close();
  }
}

const rows = (db: Connection, sql: string, ...values: (string | number)[]): Row[] =>
  db.prepare<unknown[], Row>(sql).all(...values);

function ofDatabase(db: Connection): string[] {
  const integrity = db.pragma('integrity_check', { simple: true });
  const foreign = db.pragma('foreign_key_check') as unknown[];
  return [
    ...(integrity === 'ok' ? [] : [`the database is damaged: ${String(integrity)}`]),
    ...foreign.map((row) => `a row points nowhere: ${JSON.stringify(row)}`),
  ];
}

/** Versions rise by one; nothing is under way; what is current has succeeded. */
function ofReleases(db: Connection): string[] {
  return rows(db, 'SELECT id, name, current_release_id AS current FROM apps').flatMap((app) => {
    const releases = rows(
      db,
      `SELECT r.id, r.version, s.status, s.message FROM releases r JOIN release_states s ON s.release_id = r.id
        WHERE r.app_id = ? ORDER BY r.version`,
      String(app['id']),
    );
    return [
      ...releases
        .filter((release, index) => release['version'] !== index + 1)
        .map((release) => `${app['name']} has a gap before v${release['version']}`),
      ...releases
        .filter(({ status, message }) => status === 'pending' || (status === 'failed' && !message))
        .map((release) => `${app['name']} v${release['version']} is ${release['status']} without a reason`),
      ...releases
        .filter(({ id, status }) => id === app['current'] && status !== 'succeeded')
        .map((release) => `${app['name']}'s current v${release['version']} is ${release['status']}`),
    ];
  });
}

function ofBuilds(db: Connection): string[] {
  return rows(db, 'SELECT id, status, message FROM builds')
    .filter(({ status, message }) => status === 'pending' || (status === 'failed' && !message))
    .map((build) => `build ${build['id']} is ${build['status']} without a reason`);
}

/** One dyno a slot, up, of the current release; and no other row. */
function ofFormation(db: Connection): string[] {
  const wanted = rows(
    db,
    `SELECT a.name || ' ' || f.type AS slots, f.quantity, r.version, r.process_types_json AS types, f.type
      FROM formation f JOIN apps a ON a.id = f.app_id JOIN releases r ON r.id = a.current_release_id`,
  ).flatMap(({ slots, quantity, version, types, type }) =>
    String(type) in (JSON.parse(String(types)) as object)
      ? Array.from({ length: Number(quantity) }, (_, index) => `${slots}.${index + 1} v${version} up`)
      : [],
  );
  const there = rows(
    db,
    `SELECT a.name || ' ' || d.name || ' v' || d.release_version || ' ' || d.state AS dyno
      FROM dynos d JOIN apps a ON a.id = d.app_id`,
  ).map(({ dyno }) => String(dyno));
  return differences(wanted, there, 'dyno');
}

/** Every row has its traces on the engine, and every trace its row. */
function ofDynos(traces: Readonly<Record<string, readonly string[]>>, db: Connection): string[] {
  const instances = rows(db, 'SELECT instance FROM dynos').map(({ instance }) => String(instance));
  return Object.entries(traces).flatMap(([what, there]) => differences(instances, there, what));
}

/** One tfkd, one router. */
function ofProcesses(tfk: Installation): string[] {
  const workers = routerWorkersOf(tfk).length;
  return [
    ...(daemonsOf(tfk).length === 1 ? [] : [`${daemonsOf(tfk).length} tfkd run`]),
    ...(holdersOf(tfk).length === 1 ? [] : [`${holdersOf(tfk).length} routers run`]),
    ...(workers === 2 ? [] : [`the router has ${workers} workers`]),
  ];
}

function ofRoutes(tfk: Installation, db: Connection): string[] {
  const [, text = '{}'] = readFileSync(join(tfk.home, 'router', 'table.json'), 'utf8').split('\n');
  const { apps = [] } = JSON.parse(text) as {
    apps?: { backends: { id: string; draining: boolean }[] }[];
  };
  const serving = apps.flatMap(({ backends }) =>
    backends.map(({ id, draining }) => `${id}${draining ? ' draining' : ''}`),
  );
  const up = rows(db, `SELECT instance FROM dynos WHERE type = 'web' AND state = 'up'`);
  return differences(
    up.map(({ instance }) => String(instance)),
    serving,
    'route to',
  );
}

/** Half-made things have names of their own; nothing of that kind stays. */
function ofFiles(tfk: Installation): string[] {
  const halfMade = /\.tmp$|\.gone$|\.tree$|\.new$|(^|\/)plan-|^cache\/staging\/./;
  const left = [
    '.',
    'builds',
    'sources',
    'slugs',
    'cache/layers',
    'cache/built',
    'cache/staging',
    'router',
    'run',
  ]
    .flatMap((folder) =>
      namesIn(join(tfk.home, folder)).map((name) => (folder === '.' ? name : `${folder}/${name}`)),
    )
    .filter((path) => halfMade.test(path));
  return left.map((path) => `${path} is left`);
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function differences(wanted: readonly string[], there: readonly string[], what: string): string[] {
  const left = [...there];
  const missing = wanted.filter((one) => {
    const at = left.indexOf(one);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  return [...missing.map((one) => `no ${what} ${one}`), ...left.map((one) => `unexpected ${what} ${one}`)];
}
