import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { planOn } from '../../../buildpacks/plan.js';
import type { AddonBackups, AddonService } from '../../../daemon/addons/addon.js';
import { Backups } from '../../../daemon/addons/backups/backups.js';
import { BackupFiles } from '../../../daemon/addons/backups/files.js';
import { BackupSchedules } from '../../../daemon/addons/backups/schedules.js';
import type { Authority } from '../../../daemon/certs/automatic.js';
import { Drains } from '../../../daemon/drains/drains.js';
import { trustOf } from '../../../daemon/drains/trust.js';
import type { Attachment, DynoExit, LocalImage, TerminalSize } from '../../../daemon/engines/engine.js';
import { ProcessBuilder } from '../../../daemon/engines/process/build/process-builder.js';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { buildServer, type Server, type ServerOptions } from '../../../daemon/http/server.js';
import type {
  Attachable,
  DynoTarget,
  OneOffRequest,
  RolloutStatus,
  Services,
} from '../../../daemon/http/services.js';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { LogSessions } from '../../../daemon/logs/sessions.js';
import { AppSetups } from '../../../daemon/main/app-setups.js';
import { createCertificates } from '../../../daemon/main/certificates.js';
import { createGitStage, type GitStage } from '../../../daemon/main/git-service.js';
import { accountService } from '../../../daemon/main/services/account.js';
import { buildpackService } from '../../../daemon/main/services/buildpacks.js';
import { imageService } from '../../../daemon/main/services/images.js';
import { keyService } from '../../../daemon/main/services/keys.js';
import { pipelineService } from '../../../daemon/main/services/pipelines.js';
import { slugService } from '../../../daemon/main/services/slugs.js';
import { createSlugUploads } from '../../../daemon/main/slug-uploads.js';
import { AppFeatures } from '../../../daemon/release/app-features.js';
import { Apps } from '../../../daemon/release/apps.js';
import { Collaborators } from '../../../daemon/release/collaborators.js';
import { diffReleases } from '../../../daemon/release/diff.js';
import { Pipelines } from '../../../daemon/release/pipelines.js';
import { Promotions } from '../../../daemon/release/promotions.js';
import { Releases } from '../../../daemon/release/releases.js';
import { CronJobs } from '../../../daemon/run/cron/cron-jobs.js';
import { Domains } from '../../../daemon/run/domains.js';
import { Formation } from '../../../daemon/run/formation.js';
import { DYNO_SIZES } from '../../../daemon/run/sizes.js';
import { Acting } from '../../../daemon/shared/acting.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { notFound } from '../../../daemon/shared/errors.js';
import { newId, newSecret } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import type { DynoRecord } from '../../../daemon/store/dynos.js';
import { Store } from '../../../daemon/store/store.js';
import { Webhooks } from '../../../daemon/webhooks/webhooks.js';
import { HerokuSchema } from '../../contract/heroku-schema.js';
import { makeCertificate } from '../../support/certificates.js';
import { theseToolchains } from '../../support/toolchains.js';

/** Read and compiled once a process. */
const schema = HerokuSchema.published();

const READ_PROGRAM = fileURLToPath(new URL('../../../dist/daemon/build/reading/main.js', import.meta.url));
const UNPACK_PROGRAM = fileURLToPath(new URL('../../../dist/daemon/build/unpack/main.js', import.meta.url));

export const ACTOR = 'ada@example.com';

/** A process at the other end of an attachment, played by the test. */
export class PlayedProcess implements Attachment {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly resized: TerminalSize[] = [];
  readonly signals: string[] = [];
  closed = false;
  readonly exited: Promise<DynoExit>;
  private leave: (exit: DynoExit) => void = () => undefined;

  constructor() {
    this.exited = new Promise((resolve) => (this.leave = resolve));
  }

  async resize(size: TerminalSize): Promise<void> {
    this.resized.push(size);
  }
  async signal(signal: string): Promise<void> {
    this.signals.push(signal);
  }
  close(): void {
    this.closed = true;
    this.exit(129);
  }
  exit(code: number): void {
    this.stdout.end();
    this.stderr.end();
    this.leave({ code, outOfMemory: false, at: 0 });
  }
}

/** What a stage was asked to do. */
export interface Asked {
  readonly restarts: DynoTarget[];
  readonly stops: DynoTarget[];
  readonly oneOffs: OneOffRequest[];
  readonly received: Map<string, Buffer>;
  readonly processes: PlayedProcess[];
  /** What apps on Docker can be made of, by name, id or digest. */
  readonly images: Map<string, LocalImage>;
  /** The apps that images were looked up for. */
  readonly imagesFor: Set<string>;
  expired: number;
  daemonStops: number;
  releaseCommand: () => Promise<string | null>;
  rollout: RolloutStatus;
  buildOutput: (signal: AbortSignal) => AsyncIterable<string>;
}

const postgres: AddonService = {
  name: 'postgres',
  humanName: 'Postgres',
  herokuName: 'heroku-postgresql',
  defaultAttachment: 'DATABASE',
  plans: [{ name: 'postgres:local', description: 'A server on this machine', isDefault: true }],
  provision: async () => ({ data: { port: 5432 } }),
  ensureRunning: async () => undefined,
  open: async ({ data }) => data,
  configVars: () => ({}),
  configKeys: (attachment) => [`${attachment}_URL`],
  localAddress: () => ({ host: '127.0.0.1', port: 5432 }),
  describe: async () => [],
  stop: async () => undefined,
  deprovision: async () => undefined,
};

/** An authority that signs for anybody but schools. */
const authority: Authority = {
  vouchesFor: (host) => !host.endsWith('.edu'),
  signed: () => true,
  async certificateFor(hosts) {
    const { certificate, key } = makeCertificate({ names: hosts, issuer: AUTHORITY });
    return { certificateChain: `${certificate}${AUTHORITY.certificate}`, privateKey: key };
  },
};
const AUTHORITY = makeCertificate({ commonName: 'Test Authority' });

export interface Bench {
  readonly store: Store;
  readonly services: Services;
  readonly asked: Asked;
  readonly releases: Releases;
  readonly logs: LogStore;
  readonly git: GitStage;
  readonly home: string;
  server(options?: Partial<ServerOptions>): Server;
  /** Of the account with every scope, or of whom and for what is said. */
  token(email?: string, scope?: string[]): string;
  /** An app with a slug released: process types web and worker, as after a push. */
  pushedApp(name: string, processTypes?: Record<string, string>): Promise<AppRecord>;
  dyno(app: AppRecord, name: string, state?: DynoRecord['state']): DynoRecord;
  close(): Promise<void>;
}

/** Real store, apps, releases, formation, domains and logs in a temporary folder; builds, dynos and add-ons are played. */
export async function openBench({ hookProgram = 'none' } = {}): Promise<Bench> {
  const home = await mkdtemp(join(tmpdir(), 'tfk-http-'));
  const store = Store.open(home);
  const clock = systemClock;
  const logger = createLogger('silent', 'test');
  const logs = new LogStore({ folder: join(home, 'logs'), clock, logger });
  const asked: Asked = {
    restarts: [],
    stops: [],
    oneOffs: [],
    received: new Map(),
    processes: [],
    images: new Map(),
    imagesFor: new Set(),
    expired: 0,
    daemonStops: 0,
    releaseCommand: async () => null,
    rollout: {
      status: 'live',
      message: null,
      types: [{ type: 'web', ready: 1, wanted: 1 }],
      url: 'http://x/',
    },
    async *buildOutput() {
      yield '-----> Node.js app detected\n';
      yield '-----> Done\n';
    },
  };
  const ignore = (): void => undefined;
  const releases = new Releases({
    store,
    clock,
    logger,
    attached: () => ({ bindings: [], vars: {} }),
    runReleaseCommand: () => asked.releaseCommand(),
    hasArtifact: async () => true,
    openAddons: async () => undefined,
    record: ignore,
    notify: ignore,
  });
  const acting = new Acting();
  const git = createGitStage({
    home,
    store,
    path: process.env['PATH'] ?? '',
    nodePath: process.execPath,
    hookProgram,
    logger,
  });
  const drains = new Drains({
    store,
    logs,
    clock,
    logger,
    userAgent: 'Logplex/tfk-test',
    trust: trustOf({}),
  });
  const services = servicesOf({ drains, store, clock, logs, releases, asked, git, home });
  const servers: Server[] = [];
  const violations: string[] = [];
  return {
    store,
    services,
    asked,
    releases,
    logs,
    git,
    home,
    server(options = {}) {
      const server = buildServer(services, { trusted: true, clock, logger, acting, ...options });
      if (schema) holdAgainst(schema, server.app, violations);
      servers.push(server);
      return server;
    },
    token: (email = ACTOR, scope = ['global']) => {
      const userId = services.account.ensureUser(email).id;
      return services.account.createToken({ userId, description: 'test', scope, expiresAt: null }).token;
    },
    async pushedApp(name, processTypes = { web: 'node web.js', worker: 'node worker.js' }) {
      const app = services.apps.create({ name, actor: ACTOR });
      const id = insertSlug(store, app, processTypes);
      await releases.deploy(
        app.id,
        { id, processTypes, description: 'Deploy 1a2b3c4', firstDeploy: { formation: {}, config: {} } },
        ACTOR,
      );
      return store.apps.find(app.id) ?? app;
    },
    dyno: (app, name, state = 'up') => insertDyno(store, app, name, state),
    async close() {
      for (const { app } of servers) await app.close();
      await drains.stop();
      logs.close();
      store.close();
      await rm(home, { recursive: true, force: true });
      if (violations.length > 0) throw new Error(`Not as Heroku's schema has it:\n${violations.join('\n')}`);
    },
  };
}

/** Whatever a test asks: each answer that Heroku's schema describes is held against it. */
function holdAgainst(published: HerokuSchema, app: Server['app'], violations: string[]): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const { method, url } = request;
    if (reply.statusCode >= 300 || typeof payload !== 'string' || !published.knows(method, url)) return;
    const found = published.violations(method, url, JSON.parse(payload));
    violations.push(...found.map((text) => `${method} ${url}: ${text}`));
  });
}

function insertSlug(store: Store, app: AppRecord, processTypes: Record<string, string>): string {
  const id = newId();
  store.slugs.insert({
    id,
    appId: app.id,
    contentKey: id,
    artifact: { engine: app.engine, id, size: 1234 },
    processTypes,
    launchEnv: {},
    launchPath: [],
    healthchecks: null,
    checksum: `SHA256:${'0'.repeat(64)}`,
    commit: '1a2b3c4',
    planner: 'node',
    size: 1234,
    createdAt: Date.now(),
  });
  return id;
}

function insertDyno(store: Store, app: AppRecord, name: string, state: DynoRecord['state']): DynoRecord {
  const release = store.releases.list(app.id)[0];
  if (!release) throw new Error('an app has a release');
  const instance = newId();
  store.dynos.insert({
    instance,
    appId: app.id,
    name,
    type: name.split('.')[0] ?? name,
    kind: name.startsWith('run.') ? 'one-off' : 'formation',
    releaseId: release.id,
    releaseVersion: release.version,
    command: 'node web.js',
    size: 'Standard-1X',
    attached: false,
    attempt: 0,
    createdAt: Date.now(),
    timeLimitMs: null,
  });
  store.dynos.update(instance, { state });
  const dyno = store.dynos.find(instance);
  if (!dyno) throw new Error('the dyno was inserted');
  return dyno;
}

interface Parts {
  readonly drains: Drains;
  readonly store: Store;
  readonly clock: Clock;
  readonly logs: LogStore;
  readonly releases: Releases;
  readonly asked: Asked;
  readonly git: GitStage;
  readonly home: string;
}

function servicesOf(parts: Parts): Services {
  const { store, clock, logs, asked, git } = parts;
  const sources = playedSources(parts);
  const builds = playedBuilds(parts);
  const releases = releasesOf(parts);
  const ignore = (): void => undefined;
  const apps = new Apps(store, clock, ignore, 'process');
  const formation = new Formation(store, clock, logs, ignore);
  const { certificates, matching } = createCertificates({
    store,
    clock,
    logger: createLogger('silent', 'test'),
    authority,
    homeKey: Buffer.alloc(32),
    certify: async () => undefined,
  });
  const domains = new Domains(store, clock, ignore, matching);
  return {
    records: store,
    account: accountService({ store, clock, email: ACTOR }),
    keys: keyService({ store, clock }),
    collaborators: new Collaborators(store, clock, () => store.account.ensure(ACTOR, clock.now())),
    apps: {
      create: (input) => apps.create(input),
      find: (name) => apps.find(name),
      list: () => apps.list(),
      rename: async (id, name) => apps.rename(id, name),
      setBuildStack: (id, stack) => apps.setBuildStack(id, stack),
      setMaintenance: async (id, on) => apps.setMaintenance(id, on),
      destroy: (id) => apps.destroy(id),
      url: (app) => `http://${app.name}.localhost:8080/`,
    },
    appFeatures: new AppFeatures(apps),
    releases,
    sources,
    slugs: slugsOf(parts),
    images: imagesOf(parts, sources, builds),
    builds,
    buildpacks: buildpackService({ store }),
    formation: {
      scale: async (app, updates, actor) => formation.scale(app.id, updates, actor),
      sizes: () => DYNO_SIZES,
    },
    dynos: playedDynos(parts),
    domains: {
      add: async ({ app, hostname, sniEndpoint }) => {
        const domain = domains.add(app.id, hostname, sniEndpoint?.id);
        await certificates.domainsChanged(app);
        return domain;
      },
      remove: async (app, domain) => {
        domains.remove(app.id, domain.id);
        await certificates.domainsChanged(app);
      },
    },
    certificates,
    addons: playedAddons(parts),
    ...playedBackups(parts),
    engines: {
      names: () => ['process'],
      runningOn: () => null,
      move: async (app, engine) => {
        store.apps.setEngine(app.id, engine, clock.now());
        return null;
      },
    },
    appSetups: new AppSetups({
      store,
      clock,
      logger: createLogger('silent', 'test'),
      apps,
      releases,
      builds: playedBuilds(parts),
      fetchSource: async () => {
        throw notFound('source', 'There is no such source.');
      },
      oneOffs: { runPostdeploy: async () => undefined },
      printed: async () => '',
    }),
    pipelines: pipelineService({
      pipelines: new Pipelines(store, clock),
      promotions: new Promotions({
        store,
        clock,
        logger: createLogger('silent', 'test'),
        releases: parts.releases,
        hasArtifact: async () => true,
      }),
    }),
    git: git.service({ sources, builds, releases }),
    logs: new LogSessions(logs, clock),
    logDrains: parts.drains,
    authority: {
      current: () => ({ certificate: 'a certificate', path: '/home/tls/ca.crt', expiresAt: 0 }),
    },
    tfk: {
      info: () => ({
        version: '0.0.0-test',
        pid: 1,
        home: '/home',
        startedAt: 0,
        engine: { name: 'fake', isolation: 'none', limits: false },
        api: { socket: '/home/tfkd.sock', port: 4270 },
        router: { port: 8080, tlsPort: 8443, pid: 2, workers: 2 },
      }),
      examine: async () => [{ name: 'node', status: 'ok', detail: 'v20' }],
      stopDaemon: () => void (asked.daemonStops += 1),
      async *stopEverything() {
        yield 'Stopping web.1';
        yield 'All is stopped';
      },
    },
    cronJobs: new CronJobs(store, clock, ignore),
    webhooks: new Webhooks({ store, clock, wake: ignore, abandon: ignore }),
  };
}

function releasesOf({ store, releases, asked }: Parts): Services['releases'] {
  const contents = (id: string | null) => (id === null ? null : store.slugs.contents(id));
  return {
    current: (id) => releases.current(id),
    config: (id) => releases.config(id),
    setConfig: (id, changes, actor) => releases.setConfig(id, changes, actor),
    rollback: (id, target, actor) => releases.rollback(id, target, actor),
    async releaseSlug(appId, id, description, actor) {
      const slug = store.slugs.byId(id);
      if (!slug) throw notFound('slug', 'There is no such slug.');
      const { processTypes } = slug;
      const firstDeploy = { formation: {}, config: {} };
      const draft = { id, processTypes, description: description ?? 'Deploy', firstDeploy };
      return (await releases.deploy(appId, draft, actor)).release;
    },
    async *output() {
      yield 'Migrating\n';
    },
    diff: async (from, to) =>
      diffReleases(
        { release: from, contents: contents(from.slugId) },
        { release: to, contents: contents(to.slugId) },
      ),
    rollout: async () => asked.rollout,
  };
}

/** Real ones: the unpacking program is run as it was built last. */
function slugsOf({ store, clock, home }: Parts): Services['slugs'] {
  const path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
  const engine = new ProcessBuilder({
    home,
    path,
    processes: new Processes(),
    toolchains: theseToolchains(),
    logger: createLogger('silent', 'test'),
  });
  const slugUploads = createSlugUploads({
    config: {
      home,
      programs: { unpack: UNPACK_PROGRAM, readSource: READ_PROGRAM },
      timeouts: { buildMs: 60_000 },
    },
    store,
    clock,
    engineOf: () => ({
      name: 'process',
      runtimeOf: (plan) => engine.runtimeOf(plan),
      build: (request) => engine.build(request),
      hasArtifact: (artifact) => engine.hasArtifact(artifact),
    }),
  });
  return slugService({ store, clock, home, slugUploads, engines: engine });
}

/** Apps of the engine `docker` have the images that the test names, and builds of them succeed at once. */
function imagesOf(
  { store, clock, asked, releases }: Parts,
  sources: Services['sources'],
  builds: Services['builds'],
): Services['images'] {
  return imageService({
    store,
    clock,
    sources,
    engineOf: (name) => ({
      capabilities: { images: name === 'docker', isolation: 'none', limits: false },
      imageOf: async (ref, appId) => {
        asked.imagesFor.add(appId);
        return asked.images.get(ref) ?? null;
      },
    }),
    builds: {
      async create(input) {
        const build = await builds.create(input);
        const types = Object.entries(store.imageSources.types(input.source?.id ?? '') ?? {});
        const processTypes = Object.fromEntries(types.map(([type, { command }]) => [type, command]));
        const slugId = insertSlug(store, input.app, processTypes);
        const slug = {
          id: slugId,
          processTypes,
          description: input.releaseDescription ?? `Deploy ${input.version ?? ''}`,
          firstDeploy: { formation: {}, config: {} },
        };
        await releases.deploy(input.app.id, slug, input.actor, ({ id }) => {
          const end = { status: 'succeeded', slugId, releaseId: id, message: null } as const;
          store.builds.finish(build.id, end, clock.now());
        });
        return build;
      },
    },
  });
}

function playedSources({ store, asked }: Parts): Services['sources'] {
  return {
    create() {
      const secrets = { id: newId(), putSecret: newSecret(), getSecret: newSecret(), createdAt: Date.now() };
      store.sources.insert(secrets);
      return { ...secrets, checksum: null, size: null, receivedAt: null };
    },
    async receive(source, body) {
      const chunks: Buffer[] = [];
      for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      asked.received.set(source.id, bytes);
      store.sources.markReceived(source.id, 'SHA256:0', bytes.length, Date.now());
    },
    open: (source) => Readable.from([asked.received.get(source.id) ?? Buffer.alloc(0)]),
  };
}

function playedBuilds({ store, asked }: Parts): Services['builds'] {
  const get = (id: string) => {
    const build = store.builds.byId(id);
    if (!build) throw new Error('the build was inserted');
    return build;
  };
  return {
    async create({ app, source, url, version, description, checksum, buildpacks, actor }) {
      const id = newId();
      store.builds.insert({
        id,
        appId: app.id,
        userEmail: actor,
        sourceId: source?.id ?? null,
        sourceUrl: url,
        sourceVersion: version,
        sourceDescription: description ?? null,
        sourceChecksum: checksum,
        buildpacks: buildpacks ?? [],
        outputSecret: newSecret(),
        createdAt: Date.now(),
      });
      return get(id);
    },
    async cancel(build) {
      const end = { status: 'failed', slugId: null, releaseId: null, message: 'Cancelled.' } as const;
      store.builds.finish(build.id, end, Date.now());
      return get(build.id);
    },
    queuePosition: (build) => (build.status === 'pending' ? 0 : null),
    output: (_build, signal) => asked.buildOutput(signal),
    dockerfileOf: () => 'FROM scratch\n',
    plan: async () => ({
      contentHash: 'abc',
      plan: {
        ...planOn({ language: 'node', range: '>=20', asked: 'package.json asks for Node.js >=20' }),
        planner: 'node',
        label: 'Node.js',
        notes: ['Using npm'],
        steps: [
          {
            name: 'install',
            title: 'Installing dependencies',
            inputs: ['package.json'],
            commands: [['npm', 'ci']],
            env: {},
            caches: {},
            layers: ['node_modules'],
          },
        ],
        defaultProcessTypes: { web: 'npm start' },
      },
      processTypes: { web: 'node web.js' },
      appJson: null,
      warnings: [],
    }),
    purgeCache: async () => undefined,
  };
}

function playedDynos({ store, asked }: Parts): Services['dynos'] {
  const attachable = (): Attachable => {
    const process = new PlayedProcess();
    asked.processes.push(process);
    return { open: async () => process, expire: () => void (asked.expired += 1) };
  };
  return {
    restart: async (_app, target) => void asked.restarts.push(target),
    stop: async (_app, target) => void asked.stops.push(target),
    async runOneOff(request) {
      asked.oneOffs.push(request);
      const dyno = insertDyno(store, request.app, `run.${1000 + asked.oneOffs.length}`, 'starting');
      return { dyno, attachable: request.attached ? attachable() : null };
    },
    exec: async () => attachable(),
  };
}

function playedAddons({ store }: Parts): Services['addons'] {
  const attach: Services['addons']['attach'] = async ({ addon, app, name }) => {
    const id = newId();
    store.addons.attach({
      id,
      addonId: addon.id,
      appId: app.id,
      name: name ?? 'DATABASE',
      createdAt: Date.now(),
    });
    const attachment = store.addons.attachments().find((known) => known.id === id);
    if (!attachment) throw new Error('the attachment was inserted');
    return attachment;
  };
  return {
    services: () => [postgres],
    async create({ app, name, attachment, actor, waitMs }) {
      const id = newId();
      store.addons.insert({
        id,
        appId: app.id,
        name: name ?? `postgresql-${id.slice(0, 8)}`,
        service: 'postgres',
        plan: 'postgres:local',
        createdAt: Date.now(),
      });
      if (waitMs !== 0) store.addons.markProvisioned(id, { port: 5432 }, Date.now());
      const addon = store.addons.find(id);
      if (!addon) throw new Error('the add-on was inserted');
      await attach({ addon, app, name: attachment, confirm: null, actor });
      return addon;
    },
    rename(addon, name) {
      store.addons.rename(addon.id, name, Date.now());
      return store.addons.find(addon.id) ?? addon;
    },
    changePlan(addon, plan) {
      store.addons.setPlan(addon.id, plan, Date.now());
      return store.addons.find(addon.id) ?? addon;
    },
    rotateCredentials: async () => undefined,
    destroy: async (addon) => store.addons.delete(addon.id),
    attach,
    detach: async (attachment) => store.addons.detach(attachment.id),
    configKeys: (attachment) => [`${attachment.name}_URL`],
    localAddress: () => ({ host: '127.0.0.1', port: 23_456 }),
    facts: async ({ state }) =>
      state === 'provisioned'
        ? [
            ['Plan', 'postgres:local'],
            ['Status', 'Available'],
          ]
        : [],
  };
}

/** Real ones, of a database that holds one row. */
function playedBackups({ store, clock, home }: Parts): Pick<Services, 'backups' | 'backupSchedules'> {
  const content = { version: '15.18', tables: [{ name: 'public.users', rows: 1, digest: '7' }], objects: {} };
  const played: AddonBackups = {
    prepare: async ({ data }) => data,
    answers: async () => true,
    sizeOf: async () => 1,
    capture: async (_, output) => {
      output.end('PGDMP');
      return content;
    },
    prove: async () => [],
    restore: async (_addon, _file, accept) => accept(content),
    wasRestored: async () => false,
    cleanUp: async () => undefined,
    dropUnfinished: async () => undefined,
  };
  const source = async (id: string) => {
    const addon = store.addons.find(id);
    if (!addon) throw notFound('add_on', 'There is no such add-on.');
    const instance = { ...addon, data: addon.data ?? {}, engine: 'process' as const, apps: [] };
    return { addon: instance, backups: played };
  };
  const logger = createLogger('silent', 'test');
  const files = new BackupFiles(join(home, 'backups'));
  const backups = new Backups({ store, clock, logger, files, source, kept: 7, record: () => undefined });
  return {
    backups,
    backupSchedules: new BackupSchedules({ store, clock, logger, backups, actor: () => ACTOR }),
  };
}

/** Fails with what stood there instead, once the patience of a slow machine is used up. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`still waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
