import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cronJobsOf } from '../../buildpacks/cron.js';
import type { BuildResult } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { TfkError, messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { addFiles } from './add-files.js';
import { fetchBuildpacks, wantedBuildpacks, type ChosenBuildpacks } from './buildpacks/chosen.js';
import type { BuildpackLibrary } from './buildpacks/library.js';
import { contentKey, sourceContents, type SourceContents } from './content-hash.js';
import type {
  BuildJob,
  BuildOutcome,
  BuildPaths,
  BuildRecords,
  BuiltSlug,
  CreateRelease,
  CreatedRelease,
  PlanContextOf,
  PlannedBuild,
  SetUpApp,
  SlugEngine,
} from './contracts.js';
import { decide, type Decision } from './decide.js';
import { BuildFailure, failureFrom } from './failure.js';
import { applyIgnore } from './ignore.js';
import type { BuildLimits } from './limits.js';
import type { BuildLog, BuildOutputs } from './output.js';
import { programWarnings, programsOf } from './programs.js';
import { BuildQueue, BuildStopped, type Turn } from './queue.js';
import type { Sources } from './receive.js';
import { sourceTree } from './source-tree.js';
import { tell } from './tell.js';
import { Unpacker } from './unpack.js';

/** Far longer than a build can wait for its turn. */
const SOURCE_AGE_MS = 6 * 60 * 60_000;

/** Everything the build stage works with; main puts it together. */
export interface BuildParts {
  /** The engine that builds the app now. */
  readonly engineOf: (appId: string) => SlugEngine;
  readonly records: BuildRecords;
  readonly createRelease: CreateRelease;
  readonly setUp: SetUpApp;
  readonly planContext: PlanContextOf;
  readonly buildpacks: BuildpackLibrary;
  /** As BuildRequest.configKey. */
  readonly configKey: (config: Readonly<Record<string, string>>) => string;
  /** CA bundle and proxy settings of the host, for the steps. */
  readonly buildEnv: Readonly<Record<string, string>>;
  readonly sources: Sources;
  readonly outputs: BuildOutputs;
  readonly paths: BuildPaths;
  readonly limits: BuildLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An unpacked source, and what was decided of it. */
interface Understood extends Decision {
  readonly folder: string;
  readonly contents: SourceContents;
  /** The folders of its classic buildpacks. */
  readonly buildpacks: ChosenBuildpacks['folders'];
}

/** How one slug is made. */
interface Making {
  readonly engine: SlugEngine;
  readonly log: BuildLog;
  readonly signal: AbortSignal;
}

/** The build stage: receive → unpack → ignore → detect → plan → build → slug → release. */
export class Builds {
  private readonly queue: BuildQueue;
  private readonly unpacker: Unpacker;

  constructor(private readonly parts: BuildParts) {
    const { limits, paths } = parts;
    this.queue = new BuildQueue(limits.concurrency);
    this.unpacker = new Unpacker(paths.unpackProgram, {
      bytes: limits.unpackedBytes,
      entries: limits.sourceFiles,
      milliseconds: limits.unpackMs,
    });
  }

  /**
   * Queues a build whose row is `pending`. Its output can be read as soon as this returns. The promise never rejects: it
   * resolves after the row and the output are final.
   */
  submit(job: BuildJob): Promise<BuildOutcome> {
    const log = this.parts.outputs.open(job.buildId);
    const outcome = this.queue.add(job, (turn) => this.run(job, log, turn));
    const position = this.queue.position(job.buildId);
    if (position !== null && position > 0) {
      log.step(`Waiting for another build to end: number ${position} in the queue`);
    }
    return outcome;
  }

  /** `DELETE build`. False when it is not queued or running any more, or is being released. */
  cancel(buildId: string): boolean {
    return this.queue.cancel(buildId);
  }

  /** 0: it runs. n: it is the n-th that waits. Null: it is unknown, or has ended. */
  position(buildId: string): number | null {
    return this.queue.position(buildId);
  }

  /** Once after a start, before the first submit: ends what an earlier tfkd left in the middle. */
  async recover(): Promise<void> {
    const { records, outputs, clock, paths, sources } = this.parts;
    for (const { buildId } of records.pending()) {
      const message = 'tfkd ended before this build had: push again.';
      records.fail(buildId, { reason: 'interrupted', message, finishedAt: clock.now() });
      const log = outputs.open(buildId);
      log.warning(message);
      log.close();
    }
    for (const name of await readdir(paths.builds).catch(() => [])) {
      if (/\.tree(\.buildpacks)?$|^plan-/.test(name))
        await rm(join(paths.builds, name), { recursive: true, force: true });
    }
    await this.parts.buildpacks.recover();
    await sources.recover();
    await this.sweepSources();
  }

  /** Stops all builds (they end `failed`, interrupted), and resolves when they have. */
  stop(): Promise<void> {
    return this.queue.stop();
  }

  /** What a push of this tarball would do, for `tfk plan`: nothing is run, kept or changed. Throws what a build prints. */
  async plan(
    tarball: string,
    app: { readonly appId: string | null; readonly buildpacks?: readonly string[] },
    signal: AbortSignal,
  ): Promise<PlannedBuild> {
    await mkdir(this.parts.paths.builds, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(this.parts.paths.builds, 'plan-'));
    const tree = `${folder}.tree`;
    try {
      const { contents, plan, processTypes, appJson, warnings } = await this.understand(tarball, {
        ...app,
        tree,
        signal,
        using: () => undefined,
      });
      return { contentHash: contents.hash, plan, processTypes, appJson, warnings };
    } catch (error) {
      const { message, hint } = failureFrom(error, signal);
      throw new TfkError('invalid_params', message, hint === undefined ? {} : { hint });
    } finally {
      await rm(folder, { recursive: true, force: true });
      await removeTree(tree);
    }
  }

  private async sweepSources(): Promise<void> {
    const { sources, records, clock } = this.parts;
    await sources.sweep(clock.now(), SOURCE_AGE_MS, records.sourcesInUse());
  }

  private async run(job: BuildJob, log: BuildLog, turn: Turn): Promise<BuildOutcome> {
    const tree = join(this.parts.paths.builds, `${job.buildId}.tree`);
    try {
      return await this.attempt(job, log, { ...turn, tree });
    } catch (error) {
      return this.giveUp(job, log, failureFrom(error, turn.signal), error);
    } finally {
      await removeTree(tree).catch(() => undefined);
      log.close();
      await this.sweepSources().catch((error: unknown) =>
        this.parts.logger.warn({ reason: messageOf(error) }, 'old sources could not be removed'),
      );
    }
  }

  /** The story of one build. */
  private async attempt(job: BuildJob, log: BuildLog, turn: Turn & { tree: string }): Promise<BuildOutcome> {
    const { records, clock, sources } = this.parts;
    const engine = this.parts.engineOf(job.appId);
    turn.signal.throwIfAborted();
    if (!records.markRunning(job.buildId, clock.now())) throw new BuildStopped('cancelled');
    log.step(`Building on the ${engine.name} engine`);
    const tarball = await sources.locate(job.sourceId);
    await verifyChecksum(tarball, job.checksum);
    const using = (buildpack: string) => log.step(`Using buildpack: ${buildpack}`);
    const source = await this.understand(tarball, { ...turn, ...job, using });
    tell.planner(log, source);
    const slug = await this.slugFor(job, source, { engine, log, signal: turn.signal });
    tell.types(log, source, slug.processTypes);
    const jobs = cronJobsOf(source.appJson?.cron ?? []);
    records.putCronJobs(slug.slugId, jobs);
    tell.cron(log, jobs);
    if (source.appJson !== null) await this.setUp(job, source.appJson, log, turn.signal);
    turn.signal.throwIfAborted();
    turn.seal();
    const release = await this.release(job, slug);
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

  private async understand(
    tarball: string,
    how: {
      readonly appId: string | null;
      readonly buildpacks?: readonly string[];
      readonly tree: string;
      readonly signal: AbortSignal;
      /** Told of each buildpack before anything is done with it. */
      readonly using: (buildpack: string) => void;
    },
  ): Promise<Understood> {
    const { tree, signal } = how;
    await this.unpacker.unpack(tarball, tree, signal);
    const view = sourceTree(tree);
    await applyIgnore(tree, view);
    const context = this.parts.planContext(how.appId);
    const wanted = wantedBuildpacks(how.buildpacks ?? [], view, context);
    wanted.forEach(how.using);
    const folder = buildpacksBeside(tree);
    const chosen = await fetchBuildpacks(wanted, this.parts.buildpacks, { folder, signal });
    const decision = decide(view, { ...context, ...chosen.context });
    const contents = await sourceContents(tree);
    await addFiles(tree, decision.plan.files);
    const warnings = [...chosen.warnings, ...decision.warnings];
    return { ...decision, warnings, folder: tree, contents, buildpacks: chosen.folders };
  }

  /** The slug of the same content, if it is still whole; else a new one. */
  private async slugFor(job: BuildJob, source: Understood, how: Making): Promise<BuiltSlug> {
    const { records, clock } = this.parts;
    const { engine, log } = how;
    const known = records.findSlug(job.appId, await this.keyOf(source, engine));
    if (known && (await engine.hasArtifact(known.artifact))) {
      log.step('Unchanged source: its slug is used again, no step is run');
      return known;
    }
    const result = await this.build(job, source, how);
    const { artifact, image, unstartable = [] } = result;
    tell.slug(log, artifact);
    const { plan, appJson } = source;
    const processTypes = withBrought(source.processTypes, result);
    for (const warning of programWarnings(processTypes, unstartable)) log.warning(warning);
    const slugId = records.insertSlug({
      appId: job.appId,
      buildId: job.buildId,
      // What it runs on may have been fetched by the build itself.
      contentKey: await this.keyOf(source, engine),
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

  private async keyOf({ contents, plan, buildConfig }: Understood, engine: SlugEngine): Promise<string> {
    const runtime = `${engine.name} ${await engine.runtimeOf(plan)}`;
    return contentKey({ source: contents.hash, plan, runtime, config: this.parts.configKey(buildConfig) });
  }

  private async build(job: BuildJob, source: Understood, { engine, log, signal }: Making) {
    const { limits, buildEnv } = this.parts;
    const result = await engine.build({
      appId: job.appId,
      buildId: job.buildId,
      plan: source.plan,
      sourceDir: source.folder,
      programs: programsOf(source.processTypes),
      env: buildEnv,
      config: source.buildConfig,
      configKey: this.parts.configKey(source.buildConfig),
      buildpacks: source.buildpacks,
      sourceVersion: job.version,
      limits: { timeoutMs: limits.timeoutMs, slugBytes: limits.slugBytes, outputBytes: limits.floodBytes },
      output: log,
      signal,
    });
    if (!result.ok) throw new BuildFailure(result.reason, result.message, result.hint);
    return result;
  }

  private async setUp(
    job: BuildJob,
    appJson: NonNullable<Decision['appJson']>,
    log: BuildLog,
    signal: AbortSignal,
  ): Promise<void> {
    await asReleaseFailure(() => this.parts.setUp({ appId: job.appId, appJson, output: log, signal }));
  }

  private release(job: BuildJob, slug: BuiltSlug): Promise<CreatedRelease> {
    const version = job.version?.trim() ?? '';
    const usual = `Deploy ${named(version === '' ? job.buildId : version)}`;
    const description = job.releaseDescription ?? usual;
    const { appId, buildId, actor } = job;
    const { slugId, processTypes } = slug;
    return asReleaseFailure(() =>
      this.parts.createRelease({ appId, buildId, slugId, processTypes, actor, description }),
    );
  }

  private giveUp(
    job: BuildJob,
    log: BuildLog,
    failure: ReturnType<typeof failureFrom>,
    error: unknown,
  ): BuildOutcome {
    const { reason, message } = failure;
    tell.failure(log, failure);
    if (reason === 'internal') {
      this.parts.logger.error(
        { build: job.buildId, app: job.appId, reason: messageOf(error) },
        'build failed',
      );
    }
    try {
      this.parts.records.fail(job.buildId, { reason, message, finishedAt: this.parts.clock.now() });
    } catch (cause) {
      // The row stays pending, and recover() ends it after the next start.
      this.parts.logger.error({ build: job.buildId, reason: messageOf(cause) }, 'build result not stored');
    }
    return { ok: false, reason, message };
  }
}

const buildpacksBeside = (tree: string): string => `${tree}.buildpacks`;

async function removeTree(tree: string): Promise<void> {
  for (const folder of [tree, buildpacksBeside(tree)]) await rm(folder, { recursive: true, force: true });
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
