import type { Readable } from 'node:stream';
import type { Pushes } from '../git/pushes.js';
import { ACCEPTED, REFUSED } from '../git/verdict.js';
import type { BuildService, ReleaseService, SourceService } from '../http/services.js';
import { notFound } from '../shared/errors.js';
import type { BuildRecord } from '../store/builds.js';
import type { Store } from '../store/store.js';

export interface GitDeployParts {
  readonly store: Store;
  readonly pushes: Pushes;
  readonly sources: SourceService;
  readonly builds: BuildService;
  readonly releases: ReleaseService;
}

type Output = AsyncGenerator<string | Uint8Array>;

/** A pushed commit becomes a source, a build and a release, told in Heroku's words. */
export class GitDeploy {
  constructor(private readonly parts: GitDeployParts) {}

  /**
   * Takes the commit's files in, and answers what the pusher is to see; its last line is the verdict. `signal` ends the
   * telling only. Where the pusher goes, a build that is not released yet is cancelled: git would not accept its commit.
   */
  async deploy(secret: string, tarball: Readable, signal: AbortSignal): Promise<Output> {
    const { store, pushes, sources, builds } = this.parts;
    const { push, commit } = pushes.claimed(secret);
    const app = store.apps.find(push.appId);
    if (!app || app.destroyedAt !== null) throw notFound('app', 'The app was destroyed meanwhile.');
    const source = sources.create();
    await sources.receive(source, tarball, null);
    const build = await builds.create({
      app,
      source: store.sources.byId(source.id) ?? source,
      url: `/tfk/sources/${source.getSecret}`,
      version: commit.id,
      description: commit.message,
      checksum: null,
      actor: push.actor,
    });
    const cancel = () => void this.cancel(build.id);
    push.gone.addEventListener('abort', cancel, { once: true });
    if (push.gone.aborted) cancel();
    return this.told(app.name, build, signal);
  }

  private async *told(appName: string, build: BuildRecord, signal: AbortSignal): Output {
    yield 'Compressing source files... done.\nBuilding source:\n\n';
    yield* this.parts.builds.output(build, signal);
    const ended = this.parts.store.builds.byId(build.id);
    if (signal.aborted || !ended || ended.status === 'pending') return;
    if (ended.status === 'failed') {
      yield ` !     Push rejected, failed to compile ${appName}.\n\nVerifying deploy...\n\n`;
      yield* rejected(appName);
      return;
    }
    yield '\nVerifying deploy... done.\n';
    yield* this.released(appName, ended, signal);
  }

  /** The release command, where the Procfile has one; its failure leaves the old release, and so the old branch. */
  private async *released(appName: string, build: BuildRecord, signal: AbortSignal): Output {
    const { store, releases } = this.parts;
    const release = build.releaseId === null ? undefined : store.releases.byId(build.releaseId);
    if (release?.processTypes['release'] !== undefined) {
      yield 'Running release command...\n\n';
      yield* releases.output(release, signal);
      const ended = store.releases.byId(release.id);
      if (signal.aborted || ended?.status === 'pending') return;
      if (ended?.status !== 'succeeded') {
        yield `\n !     The release command of v${release.version} failed: the app runs on as it was.\n\n`;
        yield* rejected(appName);
        return;
      }
    }
    yield ACCEPTED;
  }

  private async cancel(buildId: string): Promise<void> {
    const build = this.parts.store.builds.byId(buildId);
    // One that has ended, or is being released, goes on: its push is then accepted, seen or not.
    if (build) await this.parts.builds.cancel(build).catch(() => undefined);
  }
}

function* rejected(appName: string): Generator<string> {
  yield ` !     Push rejected to ${appName}.\n\n`;
  yield REFUSED;
}
