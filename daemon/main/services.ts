import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Addons } from '../addons/addons.js';
import type { BuildOutputs } from '../build/output.js';
import type { Builds } from '../build/pipeline.js';
import type { Sources } from '../build/receive.js';
import type { Engines } from '../engines/engines.js';
import type {
  BuildService,
  DynoService,
  EngineService,
  ReleaseService,
  Services,
  SourceService,
  TfkService,
} from '../http/services.js';
import type { LogStore } from '../logs/log-store.js';
import type { LogSessions } from '../logs/sessions.js';
import type { Apps } from '../release/apps.js';
import { diffReleases } from '../release/diff.js';
import type { Releases } from '../release/releases.js';
import type { Domains } from '../run/domains.js';
import type { Dynos } from '../run/dynos.js';
import type { Formation } from '../run/formation.js';
import type { OneOffs } from '../run/one-off.js';
import { rolloutStatus } from '../run/rollout-status.js';
import { DYNO_SIZES } from '../run/sizes.js';
import type { Clock } from '../shared/clock.js';
import { messageOf, notFound, TfkError } from '../shared/errors.js';
import { newId, newSecret } from '../shared/ids.js';
import type { AppRecord } from '../store/apps.js';
import type { BuildRecord } from '../store/builds.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SourceRecord } from '../store/sources.js';
import type { Store } from '../store/store.js';
import { AppEngines } from './app-engines.js';

/** The stages, ready to be used. */
export interface Stages {
  readonly home: string;
  readonly email: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly apps: Apps;
  readonly releases: Releases;
  readonly sources: Sources;
  readonly builds: Builds;
  readonly outputs: BuildOutputs;
  readonly formation: Formation;
  readonly dynos: Dynos;
  readonly oneOffs: OneOffs;
  readonly domains: Domains;
  readonly addons: Addons;
  readonly logs: LogStore;
  readonly sessions: LogSessions;
  readonly engines: Engines;
  readonly tfk: TfkService;
  /** Where apps answer. */
  readonly routerPort: () => number;
}

const POLL_MS = 50;

/** What the HTTP routes ask for, put together of the stages. */
export function createServices(stages: Stages): Services {
  const { store, clock } = stages;
  const builds = buildService(stages);
  return {
    records: store,
    account: {
      account: () => store.account.ensure(stages.email, clock.now()),
      tokens: () => store.account.listTokens(),
      createToken: ({ description, expiresAt }) => {
        const token = `tfk_${newSecret()}`;
        const record = { id: newId(), description, createdAt: clock.now(), expiresAt };
        store.account.addToken(token, record);
        return { record, token };
      },
      revokeToken: (id) => store.account.revokeToken(id),
      authenticate: (token) => store.account.findToken(token, clock.now()),
    },
    apps: {
      create: (input) => stages.apps.create(input),
      find: (idOrName) => stages.apps.find(idOrName),
      list: () => stages.apps.list(),
      rename: (appId, name) => stages.apps.rename(appId, name),
      setMaintenance: (appId, maintenance) => stages.apps.setMaintenance(appId, maintenance),
      destroy: (appId) => stages.apps.destroy(appId),
      url: (app) => appUrl(stages, app),
    },
    releases: releaseService(stages),
    sources: sourceService(stages),
    builds,
    formation: {
      scale: async (app, updates, actor) => stages.formation.scale(app.id, updates, actor),
      sizes: () => DYNO_SIZES,
    },
    dynos: dynoService(stages),
    domains: {
      add: async (app, hostname) => stages.domains.add(app.id, hostname),
      remove: async (app, domain) => void stages.domains.remove(app.id, domain.id),
    },
    addons: stages.addons,
    logs: stages.sessions,
    engines: engineService(stages, builds),
    tfk: stages.tfk,
  };
}

function engineService(stages: Stages, builds: BuildService): EngineService {
  const { store, clock, engines, sources, releases } = stages;
  const appEngines = new AppEngines({
    store,
    clock,
    engines,
    builds,
    hasSource: (sourceId) => sources.has(sourceId),
    rebind: (appId, description, actor) => releases.rebind(appId, description, actor),
  });
  return {
    names: () => engines.all().map(({ name }) => name),
    runningOn: (app) => appEngines.runningOn(app),
    move: (app, engine, actor) => appEngines.move(app, engine, actor),
  };
}

const appUrl = (stages: Stages, app: Pick<AppRecord, 'name'>): string =>
  `http://${app.name}.localhost:${stages.routerPort()}/`;

function releaseService(stages: Stages): ReleaseService {
  const { store, releases, clock } = stages;
  const contents = (release: ReleaseRecord) => ({
    release,
    contents: release.slugId === null ? null : store.slugs.contents(release.slugId),
  });
  return {
    current: (appId) => releases.current(appId),
    config: (appId) => releases.config(appId),
    setConfig: (appId, changes, actor) => releases.setConfig(appId, changes, actor),
    rollback: (appId, target, actor) => releases.rollback(appId, target, actor),
    async releaseSlug(appId, slugId, description, actor) {
      const slug = store.slugs.byId(slugId);
      if (!slug || slug.appId !== appId)
        throw notFound('slug', 'The app has no such slug. Nothing was released.');
      const { release } = await releases.deploy(
        appId,
        {
          id: slugId,
          processTypes: slug.processTypes,
          description: description ?? `Deploy ${(slug.commit ?? slugId).slice(0, 8)}`,
          firstDeploy: { formation: {}, config: {} },
        },
        actor,
      );
      return release;
    },
    output: (release, signal) => releaseOutput(stages, release, signal),
    diff: async (from, to) => diffReleases(contents(from), contents(to)),
    async rollout(appId, version, waitMs, signal) {
      const until = clock.now() + waitMs;
      for (;;) {
        const status = rolloutOf(stages, appId, version);
        if (status.status !== 'pending' || clock.now() >= until || signal.aborted) return status;
        await clock.sleep(POLL_MS, signal);
      }
    },
  };
}

function rolloutOf(stages: Stages, appId: string, version: number) {
  const { store, releases, formation } = stages;
  const app = store.apps.find(appId);
  const release = store.releases.byVersion(appId, version);
  if (!app || !release) throw notFound('release', `There is no release v${version}.`, 'Type: tfk releases');
  const facts = {
    release,
    current: releases.current(appId),
    formation: formation.list(appId),
    dynos: store.dynos.list(appId),
  };
  const url = release.processTypes['web'] === undefined ? null : appUrl(stages, app);
  return { ...rolloutStatus(facts), url };
}

/** The release dyno's lines are all stored before its release ends: what is there then is all. */
async function* releaseOutput(
  stages: Stages,
  release: ReleaseRecord,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { store, logs, clock } = stages;
  const filter = { dyno: `release.${release.version}`, source: 'app' as const };
  let seen = 0;
  while (!signal.aborted) {
    const ended = store.releases.byId(release.id)?.status !== 'pending';
    const newest = logs.newest(release.appId);
    for await (const line of logs.read(release.appId, filter, seen, newest)) {
      yield 'text' in line
        ? `${line.text}\n`
        : ` !     ${line.dropped} older lines of the log were dropped\n`;
    }
    seen = newest;
    if (ended) return;
    await clock.sleep(POLL_MS, signal);
  }
}

function sourceService({ store, clock, sources, home }: Stages): SourceService {
  return {
    create() {
      const id = newId();
      store.sources.insert({ id, putSecret: newSecret(), getSecret: newSecret(), createdAt: clock.now() });
      return sourceRecord(store, id);
    },
    async receive(source, body, length) {
      if (source.receivedAt !== null)
        throw new TfkError('conflict', 'Something was uploaded to this source already.', {
          hint: 'Ask for a new one: POST /sources',
        });
      const received = await sources.receive(source.id, body, length);
      store.sources.markReceived(source.id, `SHA256:${received.sha256}`, received.bytes, clock.now());
    },
    open: (source) => createReadStream(join(home, 'sources', source.id)),
  };
}

function sourceRecord(store: Store, id: string): SourceRecord {
  const source = store.sources.byId(id);
  if (!source) throw notFound('source', 'There is no such source.');
  return source;
}

/** How long a source elsewhere may take to come, milliseconds. */
const FETCH_LIMIT_MS = 10 * 60_000;

function buildService(stages: Stages): BuildService {
  const { store, clock, builds, outputs, sources } = stages;
  const byId = (id: string): BuildRecord => {
    const build = store.builds.byId(id);
    if (!build) throw notFound('build', 'There is no such build.');
    return build;
  };
  return {
    async create({ app, source, url, version, checksum, actor }) {
      const sourceId = source?.id ?? (await fetchSource(stages, url));
      const id = newId();
      store.builds.insert({
        id,
        appId: app.id,
        userEmail: actor,
        sourceId,
        sourceUrl: url,
        sourceVersion: version,
        sourceChecksum: checksum,
        outputSecret: newSecret(),
        createdAt: clock.now(),
      });
      void builds.submit({
        buildId: id,
        appId: app.id,
        appName: app.name,
        sourceId,
        checksum,
        version,
        actor,
      });
      return byId(id);
    },
    async cancel(build) {
      if (build.status !== 'pending' || !builds.cancel(build.id)) {
        throw new TfkError(
          'conflict',
          `The build ${build.id.slice(0, 8)} is over, or being released. Nothing was cancelled.`,
          { hint: 'Type: tfk builds' },
        );
      }
      while (byId(build.id).status === 'pending') await clock.sleep(POLL_MS);
      return byId(build.id);
    },
    queuePosition: (build) => builds.position(build.id),
    output: (build, signal) => untilAborted(outputs.read(build.id), signal),
    async plan(source, app) {
      return builds.plan(
        await sources.locate(source.id),
        app?.id ?? null,
        AbortSignal.timeout(FETCH_LIMIT_MS),
      );
    },
    purgeCache: async (app) => {
      await Promise.all(stages.engines.all().map((engine) => engine.purgeCache(app.id)));
    },
  };
}

async function* untilAborted(chunks: AsyncGenerator<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => void chunks.return(undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* chunks;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** A tarball from elsewhere, taken in like an upload. */
async function fetchSource({ store, clock, sources }: Stages, url: string): Promise<string> {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol) || parsed.username !== '') {
    throw new TfkError(
      'invalid_params',
      'The source_blob.url is not an http(s) address of a tarball. Nothing was built.',
      { hint: 'Upload the tarball to POST /sources, and give its get_url.' },
    );
  }
  const answer = await fetch(parsed, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) }).catch(
    (error: unknown) => {
      throw new TfkError(
        'invalid_params',
        `The source could not be fetched from ${parsed.host}: ${messageOf(error)}. Nothing was built.`,
      );
    },
  );
  if (!answer.ok || !answer.body)
    throw new TfkError(
      'invalid_params',
      `${parsed.host} answered ${answer.status} when asked for the source. Nothing was built.`,
    );
  const id = newId();
  store.sources.insert({ id, putSecret: newSecret(), getSecret: newSecret(), createdAt: clock.now() });
  const length = answer.headers.get('content-length');
  const received = await sources.receive(
    id,
    Readable.fromWeb(answer.body),
    length === null ? null : Number(length),
  );
  store.sources.markReceived(id, `SHA256:${received.sha256}`, received.bytes, clock.now());
  return id;
}

function dynoService({ dynos, oneOffs }: Stages): DynoService {
  return {
    restart: async (app, target) => dynos.restart(app.id, target),
    stop: async (app, target) => dynos.stop(app.id, target),
    runOneOff: ({ app, timeLimitMs, ...request }) =>
      oneOffs.start({ ...request, appId: app.id, timeToLiveMs: timeLimitMs }),
    exec: async (_app, dyno, { command, env, terminal }) => dynos.exec(dyno, { command, env, terminal }),
  };
}
