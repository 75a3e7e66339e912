import type { Definition } from './command.js';

interface Topic {
  /** Each command's full name, with its short forms. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly load: () => Promise<{ readonly commands: readonly Definition[] }>;
}

/**
 * Which file a command is in: only that one is loaded, so that each command starts fast. In the order of `tfk help`. A test
 * holds it against the files.
 */
export const TOPICS: readonly Topic[] = [
  { commands: { push: ['deploy'] }, load: () => import('./commands/push.js') },
  {
    commands: {
      apps: ['apps:list', 'list'],
      'apps:create': ['create'],
      'apps:info': ['info'],
      'apps:rename': ['rename'],
      'apps:destroy': ['destroy'],
      'apps:open': ['open'],
    },
    load: () => import('./commands/apps.js'),
  },
  { commands: { 'apps:engine': ['engine'] }, load: () => import('./commands/engines.js') },
  {
    commands: {
      ps: ['ps:list'],
      'ps:scale': ['scale'],
      'ps:restart': ['restart'],
      'ps:stop': ['stop', 'ps:kill', 'kill'],
      'ps:wait': [],
    },
    load: () => import('./commands/ps.js'),
  },
  {
    commands: { run: [], 'run:detached': [], 'ps:exec': ['exec'] },
    load: () => import('./commands/run.js'),
  },
  {
    commands: {
      cron: ['cron:list'],
      'cron:run': [],
      'cron:suspend': [],
      'cron:resume': [],
      'cron:history': [],
    },
    load: () => import('./commands/cron.js'),
  },
  {
    commands: {
      config: ['config:list'],
      'config:get': [],
      'config:set': ['config:add'],
      'config:unset': ['config:remove'],
      'config:edit': [],
    },
    load: () => import('./commands/config.js'),
  },
  {
    commands: {
      releases: ['releases:list'],
      'releases:info': [],
      'releases:output': [],
      'releases:diff': [],
      'releases:rollback': ['rollback'],
      'releases:retry': [],
    },
    load: () => import('./commands/releases.js'),
  },
  {
    commands: { builds: ['builds:list'], 'builds:info': [], 'builds:output': [], 'builds:cancel': [] },
    load: () => import('./commands/builds.js'),
  },
  {
    commands: {
      buildpacks: ['buildpacks:list'],
      'buildpacks:set': [],
      'buildpacks:add': [],
      'buildpacks:remove': [],
      'buildpacks:clear': [],
    },
    load: () => import('./commands/buildpacks.js'),
  },
  { commands: { logs: [] }, load: () => import('./commands/logs.js') },
  {
    commands: { drains: ['drains:list'], 'drains:add': [], 'drains:remove': [] },
    load: () => import('./commands/drains.js'),
  },
  {
    commands: {
      addons: ['addons:list'],
      'addons:create': ['addons:add'],
      'addons:info': [],
      'addons:destroy': ['addons:remove'],
      'addons:rename': [],
      'addons:upgrade': ['addons:downgrade'],
      'addons:wait': [],
      'addons:open': [],
    },
    load: () => import('./commands/addons.js'),
  },
  {
    commands: { 'addons:attach': [], 'addons:detach': [] },
    load: () => import('./commands/addon-attachments.js'),
  },
  {
    commands: { 'addons:services': [], 'addons:plans': [], 'addons:docs': [] },
    load: () => import('./commands/addon-services.js'),
  },
  {
    commands: { keys: [], 'keys:add': [], 'keys:remove': [], 'keys:clear': [] },
    load: () => import('./commands/keys.js'),
  },
  { commands: { 'pg:psql': ['psql'], 'pg:info': ['pg'] }, load: () => import('./commands/pg.js') },
  {
    commands: { 'redis:cli': [], 'redis:info': ['redis'], 'redis:credentials:rotate': [] },
    load: () => import('./commands/redis.js'),
  },
  {
    commands: {
      'pg:backups': ['pg:backups:list'],
      'pg:backups:info': [],
      'pg:backups:capture': [],
      'pg:backups:download': [],
      'pg:backups:restore': [],
      'pg:backups:delete': [],
    },
    load: () => import('./commands/pg-backups.js'),
  },
  {
    commands: { 'pg:backups:schedules': [], 'pg:backups:schedule': [], 'pg:backups:unschedule': [] },
    load: () => import('./commands/pg-backup-schedules.js'),
  },
  { commands: { 'pg:credentials:rotate': [] }, load: () => import('./commands/pg-credentials.js') },
  {
    commands: {
      domains: ['domains:list'],
      'domains:add': [],
      'domains:info': [],
      'domains:update': [],
      'domains:remove': [],
      'domains:clear': [],
      'domains:wait': [],
    },
    load: () => import('./commands/domains.js'),
  },
  {
    commands: {
      certs: ['certs:list'],
      'certs:add': [],
      'certs:info': [],
      'certs:update': [],
      'certs:remove': [],
      'certs:ca': [],
    },
    load: () => import('./commands/certs.js'),
  },
  {
    commands: { 'certs:auto': [], 'certs:auto:enable': [], 'certs:auto:disable': [] },
    load: () => import('./commands/certs-auto.js'),
  },
  { commands: { 'certs:trust': [] }, load: () => import('./commands/certs-trust.js') },
  {
    commands: {
      pipelines: ['pipelines:list'],
      'pipelines:create': [],
      'pipelines:info': [],
      'pipelines:add': [],
      'pipelines:update': [],
      'pipelines:remove': [],
      'pipelines:rename': [],
      'pipelines:destroy': [],
    },
    load: () => import('./commands/pipelines.js'),
  },
  {
    commands: { 'pipelines:promote': ['promote'], 'pipelines:diff': [] },
    load: () => import('./commands/pipeline-promotions.js'),
  },
  {
    commands: {
      webhooks: ['webhooks:list'],
      'webhooks:add': [],
      'webhooks:info': [],
      'webhooks:update': [],
      'webhooks:remove': [],
    },
    load: () => import('./commands/webhooks.js'),
  },
  {
    commands: {
      'webhooks:deliveries': [],
      'webhooks:deliveries:info': [],
      'webhooks:deliveries:retry': [],
    },
    load: () => import('./commands/webhook-deliveries.js'),
  },
  {
    commands: { 'webhooks:events': [], 'webhooks:events:info': [] },
    load: () => import('./commands/webhook-events.js'),
  },
  {
    commands: { maintenance: [], 'maintenance:on': [], 'maintenance:off': [] },
    load: () => import('./commands/maintenance.js'),
  },
  {
    commands: {
      features: ['features:list', 'labs'],
      'features:info': ['labs:info'],
      'features:enable': ['labs:enable'],
      'features:disable': ['labs:disable'],
    },
    load: () => import('./commands/features.js'),
  },
  { commands: { stack: [], 'stack:set': [] }, load: () => import('./commands/stack.js') },
  { commands: { 'container:release': [] }, load: () => import('./commands/container.js') },
  {
    commands: { 'git:remote': [], 'git:clone': [], 'git:credentials': [] },
    load: () => import('./commands/git.js'),
  },
  { commands: { plan: [] }, load: () => import('./commands/plan.js') },
  {
    commands: {
      'daemon:start': [],
      'daemon:stop': [],
      'daemon:restart': [],
      'daemon:status': ['daemon'],
      'daemon:logs': [],
    },
    load: () => import('./commands/daemon.js'),
  },
  {
    commands: { 'auth:token': [], 'auth:approve': [], 'auth:whoami': ['whoami', 'auth'] },
    load: () => import('./commands/auth.js'),
  },
  { commands: { heroku: [], 'heroku:env': [] }, load: () => import('./commands/heroku.js') },
  {
    commands: {
      authorizations: [],
      'authorizations:create': [],
      'authorizations:info': [],
      'authorizations:update': [],
      'authorizations:rotate': [],
      'authorizations:revoke': ['authorizations:destroy'],
    },
    load: () => import('./commands/authorizations.js'),
  },
  {
    commands: { access: [], 'access:add': [], 'access:remove': [] },
    load: () => import('./commands/access.js'),
  },
  { commands: { doctor: [] }, load: () => import('./commands/doctor.js') },
  { commands: { completion: ['autocomplete'] }, load: () => import('./commands/completion.js') },
  { commands: { version: [] }, load: () => import('./commands/version.js') },
  { commands: { demo: [] }, load: () => import('./commands/demo.js') },
];
