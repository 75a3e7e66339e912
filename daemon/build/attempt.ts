import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cronJobsOf } from '../../buildpacks/cron.js';
import type { BuildResult } from '../engines/engine.js';
import { TfkError } from '../shared/errors.js';
import { contentKey } from './content-hash.js';
import type { BuildJob, BuildOutcome, BuiltSlug, CreatedRelease, SlugEngine } from './contracts.js';
import type { Decision } from './decide.js';
import { BuildFailure } from './failure.js';
import type { BuildLog } from './output.js';
import type { BuildParts } from './parts.js';
import { programWarnings, programsOf } from './programs.js';
import { BuildStopped, type Turn } from './queue.js';
import { tell } from './tell.js';
import type { Understand, Understood } from './understand.js';

/** The story of one build, from its turn in the queue to its release. */
export class Attempt {
  private readonly engine: SlugEngine;

  constructor(
    private readonly parts: BuildParts,
    private readonly reads: Understand,
    private readonly job: BuildJob,
    private readonly turn: Turn & { readonly tree: string; readonly log: BuildLog },
  ) {
    this.engine = parts.engineOf(job.appId);
  }

  /** Rejects with what failureFrom knows. */
  async run(): Promise<BuildOutcome> {
    const { job, turn, engine } = this;
    const { log } = turn;
    const { records, clock, sources } = this.parts;
    turn.signal.throwIfAborted();
    if (!records.markRunning(job.buildId, clock.now())) throw new BuildStopped('cancelled');
    log.step(`Building on the ${engine.name} engine`);
    const tarball = await sources.locate(job.sourceId);
    await verifyChecksum(tarball, job.checksum);
    const using = (buildpack: string) => log.step(`Using buildpack: ${buildpack}`);
    const source = await this.reads.understand(tarball, { ...turn, ...job, using });
    tell.planner(log, source);
    const slug = await this.slugFor(source);
    tell.types(log, source, slug.processTypes);
    const jobs = cronJobsOf(source.appJson?.cron ?? []);
    records.putCronJobs(slug.slugId, jobs);
    tell.cron(log, jobs);
    if (source.appJson !== null) await this.setUp(source.appJson);
    turn.signal.throwIfAborted();
    turn.seal();
    const release = await this.release(slug);
    const releaseId = release.unchanged ? null : release.releaseId;
    records.finish(job.buildId, { slugId: slug.slugId, releaseId, finishedAt: clock.now() });
    tell.release(log, release, slug.processTypes);
    return {
      ok: true,
      slugId: slug.slugId,
      releaseId,
      version: release.version,
      unchanged: release.unchanged,
    };
  }

  /** The slug of the same content, if it is still whole; else a new one. */
  private async slugFor(source: Understood): Promise<BuiltSlug> {
    const { job, engine } = this;
    const { log } = this.turn;
    const { records, clock } = this.parts;
    const known = records.findSlug(job.appId, await this.keyOf(source));
    if (known && (await engine.hasArtifact(known.artifact))) {
      log.step('Unchanged source: its slug is used again, no step is run');
      return known;
    }
    const result = await this.build(source);
    const { artifact, image, unstartable = [] } = result;
    tell.slug(log, artifact);
    const { plan, appJson } = source;
    const processTypes = withBrought(source.processTypes, result);
    for (const warning of programWarnings(processTypes, unstartable)) log.warning(warning);
    const slugId = records.insertSlug({
      appId: job.appId,
      buildId: job.buildId,
      // What it runs on may have been fetched by the build itself.
      contentKey: await this.keyOf(source),
      contents: source.contents,
      artifact,
      processTypes,
      plan,
      broughtEnv: result.release?.env ?? {},
      image,
      appJson,
      version: job.version,
      createdAt: clock.now(),
    });
    return { slugId, artifact, processTypes };
  }

  private async keyOf({ contents, plan, buildConfig }: Understood): Promise<string> {
    const runtime = `${this.engine.name} ${await this.engine.runtimeOf(plan)}`;
    return contentKey({ source: contents.hash, plan, runtime, config: this.parts.configKey(buildConfig) });
  }

  private async build(source: Understood) {
    const { appId, buildId, version } = this.job;
    const { log, signal } = this.turn;
    const { limits, buildEnv } = this.parts;
    const result = await this.engine.build({
      appId,
      buildId,
      plan: source.plan,
      sourceDir: source.folder,
      programs: programsOf(source.processTypes),
      env: buildEnv,
      config: source.buildConfig,
      configKey: this.parts.configKey,
      buildpacks: source.buildpacks,
      sourceVersion: version,
      limits: { timeoutMs: limits.timeoutMs, slugBytes: limits.slugBytes, outputBytes: limits.floodBytes },
      output: log,
      signal,
    });
    if (!result.ok) throw new BuildFailure(result.reason, result.message, result.hint);
    return result;
  }

  private async setUp(appJson: NonNullable<Decision['appJson']>): Promise<void> {
    const { log, signal } = this.turn;
    await asReleaseFailure(() => this.parts.setUp({ appId: this.job.appId, appJson, output: log, signal }));
  }

  private release(slug: BuiltSlug): Promise<CreatedRelease> {
    const { job } = this;
    const version = job.version?.trim() ?? '';
    const usual = `Deploy ${named(version === '' ? job.buildId : version)}`;
    const description = job.releaseDescription ?? usual;
    const { appId, buildId, actor } = job;
    const { slugId, processTypes } = slug;
    return asReleaseFailure(() =>
      this.parts.createRelease({ appId, buildId, slugId, processTypes, actor, description }),
    );
  }
}

/**
 * The process types with those that the build itself brought where nothing else is named so: a classic buildpack's, and `web` of
 * an image that says what it runs.
 */
function withBrought(
  types: Readonly<Record<string, string>>,
  { image, release }: Extract<BuildResult, { ok: true }>,
): Readonly<Record<string, string>> {
  const brought = {
    ...(image?.command == null ? {} : { web: image.command }),
    ...release?.processTypes,
  };
  const more = Object.entries(brought).filter(([type]) => !Object.hasOwn(types, type));
  return { ...Object.fromEntries(more), ...types };
}

/** A commit or an id by its first eight digits, as Heroku does; a name that somebody chose as it is. */
const named = (version: string): string =>
  /^[0-9a-f-]{32,}$/.test(version) ? version.slice(0, 8) : version.slice(0, 40);

/** Errors meant for the user, after the slug was built, are the release's. */
async function asReleaseFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof TfkError ? new BuildFailure('release', error.message, error.hint) : error;
  }
}

async function verifyChecksum(tarball: string, checksum: string | null): Promise<void> {
  if (checksum === null || checksum === '') return;
  const [, wanted] = /^sha256:([0-9a-f]{64})$/i.exec(checksum) ?? [];
  if (wanted === undefined)
    throw new BuildFailure('source', 'The checksum of the source is not "SHA256:<hex>".');
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(tarball)) hash.update(chunk as Buffer);
  if (hash.digest('hex') === wanted.toLowerCase()) return;
  throw new BuildFailure(
    'source',
    'The source is not the one that was announced: its checksum differs.',
    'Push again.',
  );
}
