import type { AppJson } from '../../buildpacks/app-json.js';
import type { BuildRecords, BuiltSlug, NewSlug } from '../build/contracts.js';
import type { Artifact, ImageFacts } from '../engines/engine.js';
import type { Logs } from '../logs/entry.js';
import { apiLine, buildFailed, buildStarted, buildSucceeded } from '../logs/platform.js';
import type { Clock } from '../shared/clock.js';
import { newId } from '../shared/ids.js';
import type { CronJobRecord } from '../store/cron-jobs.js';
import type { SlugRecord } from '../store/slugs.js';
import type { Store } from '../store/store.js';
import { RELEASES_KEPT } from './garbage.js';

/** The build stage's rows, over the store; what a user should know of them goes to the app's log. */
export class StoredBuilds implements BuildRecords {
  constructor(
    private readonly store: Store,
    private readonly logs: Logs,
    private readonly clock: Clock,
  ) {}

  markRunning(buildId: string, startedAt: number): boolean {
    const build = this.store.builds.byId(buildId);
    if (build?.status !== 'pending') return false;
    this.store.builds.markStarted(buildId, startedAt);
    this.logs.append(build.appId, [apiLine(buildStarted(build.userEmail))]);
    return true;
  }

  finish(buildId: string, end: { slugId: string; releaseId: string | null; finishedAt: number }): void {
    this.store.builds.finish(
      buildId,
      { status: 'succeeded', slugId: end.slugId, releaseId: end.releaseId, message: null },
      end.finishedAt,
    );
    this.log(buildId, buildSucceeded());
  }

  fail(buildId: string, end: { message: string; finishedAt: number }): void {
    this.store.builds.finish(
      buildId,
      { status: 'failed', slugId: null, releaseId: null, message: end.message },
      end.finishedAt,
    );
    this.log(buildId, buildFailed(`tfk builds:output ${buildId.slice(0, 8)}`));
  }

  pending(): { buildId: string; appId: string }[] {
    return this.store.builds.pending().map((build) => ({ buildId: build.id, appId: build.appId }));
  }

  findSlug(appId: string, contentKey: string): BuiltSlug | null {
    const slug = this.store.slugs.byContent(appId, contentKey);
    return slug
      ? { slugId: slug.id, artifact: slug.artifact as Artifact, processTypes: slug.processTypes }
      : null;
  }

  sourcesInUse(): ReadonlySet<string> {
    return new Set(
      this.store.builds.newestSources(this.store.slugs.inUse(RELEASES_KEPT).map(({ id }) => id)),
    );
  }

  insertSlug(slug: NewSlug): string {
    const record: SlugRecord = {
      id: newId(),
      appId: slug.appId,
      contentKey: slug.contentKey,
      artifact: slug.artifact,
      processTypes: slug.processTypes,
      launchEnv: slug.plan.launchEnv,
      broughtEnv: slug.broughtEnv,
      launchPath: slug.plan.launchPath,
      healthchecks: withImageCheck(slug.appJson?.healthchecks ?? null, slug.image),
      checksum: `SHA256:${slug.contents.hash}`,
      commit: slug.version,
      planner: slug.plan.planner,
      size: slug.artifact.size,
      createdAt: this.clock.now(),
    };
    this.store.transaction(() => {
      this.store.slugs.insert(record);
      this.store.slugs.putContents(record.id, {
        files: slug.contents.files,
        dependencies: slug.contents.dependencies,
      });
    });
    return record.id;
  }

  putCronJobs(slugId: string, jobs: readonly CronJobRecord[]): void {
    this.store.cronJobs.putOfSlug(slugId, jobs);
  }

  private log(buildId: string, text: string): void {
    const build = this.store.builds.byId(buildId);
    if (build) this.logs.append(build.appId, [apiLine(text)]);
  }
}

/** The image's own HEALTHCHECK gates `web`, where app.json does not say how. */
function withImageCheck(healthchecks: AppJson['healthchecks'] | null, image: ImageFacts | null): unknown {
  if (image?.healthcheck == null || healthchecks?.['web'] !== undefined) return healthchecks;
  const { command, timeoutMs } = image.healthcheck;
  return { ...healthchecks, web: [{ type: 'startup', command, timeout: timeoutMs / 1000 }] };
}
