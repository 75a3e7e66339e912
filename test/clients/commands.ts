/**
 * Commands of Heroku's CLI (11.x) that do not do here what they do at Heroku: the reason, or what to use in their place.
 * `topic:*` are all that begin so. Whatever is not listed has to work: a test of this folder runs it and looks at what it did.
 */
export const INSTEAD: Readonly<Record<string, readonly string[]>> = {
  'The answer says how to do it by SQL: `heroku pg:psql`.': [
    'pg:diagnose',
    'pg:killall',
    'pg:reset',
    'pg:settings*',
    'pg:stats-reset',
  ],
  'A database has one credential here; its address is the config var: `heroku config:get DATABASE_URL`.': [
    'pg:credentials:create',
    'pg:credentials:destroy',
    'pg:credentials:repair-default',
    'pg:credentials:url',
  ],
  'The client asks for settings and extensions that Postgres has at Heroku alone.': [
    'pg:calls',
    'pg:extensions',
    'pg:outliers',
  ],
  'The client takes a database on this machine for one of its own: `pg_dump "$(heroku config:get DATABASE_URL)"`.':
    ['pg:pull', 'pg:push'],
  'An app stays with its owner here; `heroku access:add EMAIL` lets somebody in.': ['apps:transfer'],
  'No other service lets people in by this API; tokens are `heroku authorizations`.': [
    'clients*',
    'sessions*',
  ],
  'Teams, spaces and bills mean nothing on a machine of one’s own; the answer says so.': [
    'access:update',
    'apps:join',
    'apps:leave',
    'apps:lock',
    'apps:unlock',
    'members*',
    'orgs*',
    'pipelines:transfer',
    'spaces*',
    'usage:addons',
  ],
  'Log drains do this here: `heroku drains:add` (telemetry drains are for Heroku’s Fir generation).': [
    'telemetry*',
  ],
  'The client wants an SSH server on port 80: `heroku run:inside web.1 bash`, or `tfk ps:exec web.1`.': [
    'ps:copy',
    'ps:exec',
    'ps:forward',
    'ps:socks',
  ],
  'The client calls `registry.http://…`, which is no host: `tfk push --image REF`.': [
    'container:login',
    'container:logout',
    'container:pull',
    'container:push',
    'container:rm',
    'container:run',
  ],
  'The client calls `registry.http://…`, which is no host: `tfk container:release TYPE=IMAGE`.': [
    'container:release',
  ],
  'Goes through GitHub and services of Heroku, at addresses that are fixed in the client.': [
    'ci*',
    'pipelines:connect',
    'pipelines:setup',
    'reviewapps:*',
  ],
  'Goes through GitHub: `tfk pipelines:diff`, `tfk releases:diff`.': ['pipelines:diff'],
  'Asks Heroku’s own services, at addresses that are fixed in the client.': [
    'apps:errors',
    'apps:favorites*',
    'auth:2fa*',
    'data:maintenances*',
    'notifications',
    'ps:autoscale:*',
    'status',
  ],
  'Asks Heroku’s newer database service; `heroku pg:…` works.': ['data:pg*'],
  'A backup that is begun is not cancelled; a copy is one that is restored: `tfk pg:backups:restore`.': [
    'pg:backups:cancel',
    'pg:copy',
  ],
  'A database here is one server of the app’s own, without followers, replicas or pooling.': [
    'pg:connection-pooling:attach',
    'pg:fdwsql',
    'pg:links*',
    'pg:unfollow',
    'pg:upgrade:*',
  ],
  'Asks Heroku’s own host for Redis: `tfk redis:info`, `tfk redis:cli`.': ['redis:*'],
  'Works on the client’s own machine and asks no API.': [
    'accounts*',
    'autocomplete',
    'certs:generate',
    'local*',
    'mcp:start',
    'repl',
    'version:info',
  ],
  'Opens a page of Heroku’s, which has no counterpart here.': [
    'addons:docs',
    'addons:open',
    'pipelines:open',
  ],
};
