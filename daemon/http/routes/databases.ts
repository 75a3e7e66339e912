import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  Database,
  DatabaseCredential,
  DatabaseStatus,
  type Database as DatabaseJson,
  type DatabaseStatus as DatabaseStatusJson,
} from '../../../api/index.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { AddonRecord } from '../../store/addons.js';
import { addonJson } from '../addon-json.js';
import type { Context } from '../context.js';
import { findAddon } from '../find.js';
import { timeOf } from '../platform.js';
import type { Services } from '../services.js';
import { changeableDatabase } from '../transfers.js';

interface OfDatabase {
  Params: { database: string };
}
type Facts = readonly (readonly [label: string, text: string])[];

/** Heroku keeps its databases on another host, which its clients look for at this one (HEROKU_DATA_HOST). */
export function databaseRoutes(app: FastifyInstance, { services, visible, actor }: Context): void {
  app.get<OfDatabase>(
    '/client/v11/databases/:database',
    { schema: { response: { 200: Database } } },
    async ({ params }) => {
      const addon = findDatabase(services, params.database);
      return databaseJson(services, addon, await services.addons.facts(addon));
    },
  );
  app.get<OfDatabase>(
    '/client/v11/databases/:database/wait_status',
    { schema: { response: { 200: DatabaseStatus } } },
    async ({ params }) => {
      const addon = findAddon(services, params.database);
      return statusJson(addon, await services.addons.facts(addon));
    },
  );
  app.get<OfDatabase>(
    '/postgres/v0/databases/:database/credentials',
    { schema: { response: { 200: Type.Array(DatabaseCredential) } } },
    ({ params }) => [{ name: 'default', state: 'active', uuid: findDatabase(services, params.database).id }],
  );
  for (const path of ['credentials_rotation', 'credentials/:credential/credentials_rotation'])
    app.post<OfDatabase & { Params: { credential?: string } }>(
      `/postgres/v0/databases/:database/${path}`,
      { schema: { response: { 200: Type.Object({}) } } },
      async (request) => {
        const { database, credential = 'default' } = request.params;
        if (credential !== 'default') throw notHere(request.url);
        const addon = changeableDatabase(services, database, visible(request));
        await services.addons.rotateCredentials(addon, actor(request));
        return {};
      },
    );
  for (const path of ['/client/v11/*', '/postgres/v0/*', '/data/postgres/v1/*', '/redis/v0/*'])
    app.all(path, ({ url }) => {
      throw notHere(url);
    });
}

/** One that is still being made is not found, as on Heroku: its clients wait then. */
function findDatabase(services: Services, idOrName: string): AddonRecord {
  const addon = findAddon(services, idOrName);
  if (addon.state !== 'provisioning') return addon;
  throw notFound('database', `${addon.name} is still being made.`, 'Wait for it: heroku pg:wait');
}

function databaseJson(services: Services, addon: AddonRecord, facts: Facts): DatabaseJson {
  const { name: plan } = addonJson(services, addon).plan;
  return {
    addon: { id: addon.id, name: addon.name },
    created_at: timeOf(addon.createdAt),
    following: null,
    forked_from: null,
    info: infoOf(addon, plan, facts),
    name: addon.name,
    plan,
    resource_url: addressOf(services, addon),
  };
}

/** The add-on's own figures, with what Heroku tells besides them, at Heroku's places. */
function infoOf(addon: AddonRecord, plan: string, facts: Facts): DatabaseJson['info'] {
  const created = timeOf(addon.createdAt).slice(0, 16).replace('T', ' ');
  const figures = facts.filter(([label]) => label !== 'Plan');
  const split = figures.findIndex(([label]) => label === 'Data Size');
  const before = split === -1 ? figures : figures.slice(0, split);
  const all: Facts = [
    ['Plan', plan.split(':').at(-1) ?? plan],
    ...before,
    ['Created', created],
    ...figures.slice(before.length),
    ['Fork/Follow', 'Unsupported'],
    ['Rollback', 'Unsupported'],
    ['Continuous Protection', 'Off'],
  ];
  return all.map(([name, text]) => ({ name, values: [text] }));
}

function addressOf(services: Services, addon: AddonRecord): string | null {
  const [key] = addonJson(services, addon).config_vars;
  const value = key === undefined ? undefined : services.releases.config(addon.appId)[key];
  if (value === undefined || !URL.canParse(value)) return null;
  const url = new URL(value);
  url.username = '';
  url.password = '';
  return url.href;
}

/** A server that is down is started again by itself. */
function statusJson({ state }: AddonRecord, facts: Facts): DatabaseStatusJson {
  const status = facts.find(([label]) => label === 'Status')?.[1] ?? 'being made';
  const waiting = state !== 'provisioned' || !status.startsWith('Available');
  return { 'error?': false, message: status.toLowerCase(), 'waiting?': waiting };
}

/** What Heroku's clients ask for, and what does the same here. */
const INSTEAD: readonly (readonly [path: RegExp, what: string, instead: string])[] = [
  [
    /^\/redis\//,
    'What Heroku’s clients ask its host of Redis is not answered here',
    'The same of a Redis of this machine: tfk redis:info, tfk redis:cli; another size: heroku addons:upgrade',
  ],
  [
    /transfers|backups|restores|transfer-schedules/,
    'Backups are not cancelled here, and databases are not copied',
    'A copy is a backup that is restored into the other one: heroku pg:backups:capture, heroku pg:backups:download, tfk pg:backups:restore FILE',
  ],
  [
    /connection_reset/,
    'Connections are not ended here',
    'End them by SQL: heroku pg:psql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"',
  ],
  [
    /\/reset/,
    'Databases are not emptied here',
    'Empty it by SQL: heroku pg:psql -c "DROP SCHEMA public CASCADE; CREATE SCHEMA public"',
  ],
  [
    /credential/,
    'A database has one credential here',
    'Its address is the config var: heroku config:get DATABASE_URL, and a new one is made by: tfk pg:credentials:rotate',
  ],
  [
    /upgrade/,
    'A database keeps its version of PostgreSQL here',
    'Create another one, and load a dump into it: tfk addons:create postgres',
  ],
  [
    /config|settings/,
    'Settings of a database are not kept here',
    'Set them by SQL: heroku pg:psql -c "ALTER DATABASE … SET …"',
  ],
];

function notHere(url: string): TfkError {
  const path = url.split('?')[0] ?? url;
  const [, what, instead] = INSTEAD.find(([pattern]) => pattern.test(path)) ?? [
    null,
    'This belongs to databases of Heroku that one machine does not have: followers, forks, pools and links',
    'What is known of a database here: heroku pg:info; all else by SQL: heroku pg:psql',
  ];
  // Heroku's clients print the message alone, so what to type is in it.
  return new TfkError('not_implemented', `${what}. ${instead}`);
}
