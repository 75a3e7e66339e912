import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { dockerfileOfPlan } from '../../engines/docker/build/as-dockerfile.js';
import type { BuildService, SourceService } from '../../http/services.js';
import { messageOf, notFound, TfkError } from '../../shared/errors.js';
import { newId, newSecret } from '../../shared/ids.js';
import type { BuildRecord } from '../../store/builds.js';
import type { SourceRecord } from '../../store/sources.js';
import type { Store } from '../../store/store.js';
import { namesOfBuildpacks } from './buildpacks.js';
import type { Stages } from './stages.js';

const POLL_MS = 50;

export function sourceService({ store, clock, sources, home }: Stages): SourceService {
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

export function buildService(stages: Stages): BuildService {
  const { store, clock, builds, outputs, sources } = stages;
  const byId = (id: string): BuildRecord => {
    const build = store.builds.byId(id);
    if (!build) throw notFound('build', 'There is no such build.');
    return build;
  };
  return {
    async create({
      app,
      source,
      url,
      version,
      description,
      releaseDescription,
      checksum,
      buildpacks: wished,
      local = false,
      actor,
    }) {
      const buildpacks =
        wished == null
          ? store.buildpackInstallations.list(app.id)
          : namesOfBuildpacks(wished, local ? wished : []);
      const sourceId = source?.id ?? (await fetchSource(stages, url));
      const id = newId();
      store.builds.insert({
        id,
        appId: app.id,
        userEmail: actor,
        sourceId,
        sourceUrl: url,
        sourceVersion: version,
        sourceDescription: description ?? null,
        sourceChecksum: checksum,
        buildpacks,
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
        releaseDescription: releaseDescription ?? null,
        buildpacks,
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
      while (builds.position(build.id) !== null) await clock.sleep(POLL_MS);
      return byId(build.id);
    },
    queuePosition: (build) => builds.position(build.id),
    output: (build, signal) => untilAborted(outputs.read(build.id), signal),
    async plan(source, app) {
      const buildpacks = app === null ? [] : store.buildpackInstallations.list(app.id);
      return builds.plan(
        await sources.locate(source.id),
        { appId: app?.id ?? null, buildpacks },
        AbortSignal.timeout(FETCH_LIMIT_MS),
      );
    },
    dockerfileOf: ({ plan, processTypes }) => dockerfileOfPlan(plan, processTypes, stages.baseImages),
    purgeCache: (app) => stages.engines.get(app.engine).purgeCache(app.id),
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
export async function fetchSource({ store, clock, sources }: Stages, url: string): Promise<string> {
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
