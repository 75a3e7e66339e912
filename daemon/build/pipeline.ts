import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, TfkError } from '../shared/errors.js';
import { Attempt } from './attempt.js';
import type { BuildJob, BuildOutcome, PlannedBuild } from './contracts.js';
import { failureFrom } from './failure.js';
import type { BuildLog } from './output.js';
import type { BuildParts } from './parts.js';
import { BuildQueue, type Turn } from './queue.js';
import { tell } from './tell.js';
import { removeTree, Understand } from './understand.js';

/** Far longer than a build can wait for its turn. */
const SOURCE_AGE_MS = 6 * 60 * 60_000;

/** The build stage: the queue of builds, what an earlier tfkd left of it, and plans that nobody builds. One build: attempt.ts. */
export class Builds {
  private readonly queue: BuildQueue;
  private readonly reads: Understand;

  constructor(private readonly parts: BuildParts) {
    this.queue = new BuildQueue(parts.limits.concurrency);
    this.reads = new Understand(parts);
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

  /** Cancels what is built for an app that is going away. Resolves when all have ended but one whose release is being made. */
  abandon(appId: string): Promise<void> {
    return this.queue.clear(appId);
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
      const { contents, plan, processTypes, appJson, warnings } = await this.reads.understand(tarball, {
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
      return await new Attempt(this.parts, this.reads, job, { ...turn, tree, log }).run();
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
