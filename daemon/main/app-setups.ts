import type { AppJson } from '../../buildpacks/app-json.js';
import type { AppSetupRequest, AppSetupService, BuildService } from '../http/services.js';
import type { Apps } from '../release/apps.js';
import { assertConfigChanges } from '../release/config-vars.js';
import type { Releases } from '../release/releases.js';
import type { OneOffs } from '../run/one-off.js';
import type { Clock } from '../shared/clock.js';
import { messageOf, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import type { AppSetupRecord } from '../store/app-setups.js';
import type { AppRecord } from '../store/apps.js';
import type { BuildRecord } from '../store/builds.js';
import type { DynoRecord } from '../store/dynos.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SourceRecord } from '../store/sources.js';
import type { Store } from '../store/store.js';
import { missingOf } from './first-deploy.js';
import { namesOfBuildpacks } from './services/buildpacks.js';

export interface AppSetupParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly apps: Pick<Apps, 'create' | 'setBuildStack'>;
  readonly releases: Pick<Releases, 'setConfig' | 'config'>;
  readonly builds: Pick<BuildService, 'create' | 'plan'>;
  /** Takes in a tarball from elsewhere. */
  readonly fetchSource: (url: string) => Promise<SourceRecord>;
  readonly oneOffs: Pick<OneOffs, 'runPostdeploy'>;
  /** What a dyno of that name has printed. */
  readonly printed: (dyno: DynoRecord) => Promise<string>;
}

const POLL_MS = 100;
const INTERRUPTED = 'tfkd ended before the source was built.';

/**
 * Makes an app of a source with an app.json in one go: app, config, build (whose first deploy adds the add-ons and the
 * formation), release, and the postdeploy script. The app stays also where that fails: its build and its log say why.
 */
export class AppSetups implements AppSetupService {
  private readonly stopped = new AbortController();

  constructor(private readonly parts: AppSetupParts) {}

  /** Answers as soon as the app is there. */
  async create(request: AppSetupRequest): Promise<AppSetupRecord> {
    const { store, clock, apps, releases } = this.parts;
    const { name, actor, env } = request;
    assertConfigChanges(env, new Set());
    const buildpacks = namesOfBuildpacks(request.buildpacks);
    const id = newId();
    const app = store.transaction(() => {
      const made = apps.create({ name, actor });
      if (request.buildStack !== null) apps.setBuildStack(made.id, request.buildStack);
      store.buildpackInstallations.replace(made.id, buildpacks);
      store.appSetups.insert({ id, appId: made.id, userEmail: actor, createdAt: clock.now() });
      return made;
    });
    if (Object.keys(env).length > 0) await releases.setConfig(app.id, env, actor);
    void this.attempt(id, async () => {
      await this.begin(id, app, request);
      await this.carryOn(id);
    });
    return this.get(id);
  }

  /** Once after a start: what was built goes on, what was not has failed. */
  recover(): void {
    for (const { id, buildId } of this.parts.store.appSetups.pending()) {
      if (buildId === null) this.fail(id, new TfkError('gone', INTERRUPTED));
      else void this.attempt(id, () => this.carryOn(id));
    }
  }

  /** What is under way stays as it is, for the next tfkd's recover(). */
  stop(): void {
    this.stopped.abort();
  }

  private async begin(id: string, app: AppRecord, request: AppSetupRequest): Promise<void> {
    const { store, clock, builds } = this.parts;
    const { url, version, checksum, actor } = request;
    const source = request.source ?? (await this.parts.fetchSource(url));
    const appJson = await this.manifestOf(source, app);
    const missing = missingOf(appJson, this.parts.releases.config(app.id));
    if (missing.length > 0) throw new ManifestError(missing.map((key) => `env/${key}: a value is required`));
    const build = await builds.create({ app, source, url, version, checksum, actor });
    const manifest = { postdeployCommand: postdeployOf(appJson), successUrl: appJson.success_url ?? null };
    store.appSetups.begin(id, { buildId: build.id, ...manifest }, clock.now());
  }

  private async manifestOf(source: SourceRecord, app: AppRecord): Promise<AppJson> {
    const { appJson } = await this.parts.builds.plan(source, app).catch((error: unknown) => {
      throw ManifestError.from(error);
    });
    if (appJson === null) throw new ManifestError(['the source has no app.json']);
    return appJson;
  }

  /** From a build that was begun to the end; may be repeated after a crash. */
  private async carryOn(id: string): Promise<void> {
    const { store, clock } = this.parts;
    const setup = this.get(id);
    const release = await this.releaseOf(await this.endedBuild(setup.buildId ?? ''));
    if (setup.postdeployCommand !== null && setup.postdeploy === null) {
      await this.postdeploy(setup, release, setup.postdeployCommand);
    }
    const exitCode = this.get(id).postdeploy?.exitCode ?? 0;
    if (exitCode !== 0)
      throw new TfkError('conflict', `The postdeploy script exited with status ${exitCode}.`);
    store.appSetups.succeed(id, clock.now());
  }

  private async endedBuild(buildId: string): Promise<BuildRecord> {
    const build = await this.until(
      () => this.parts.store.builds.byId(buildId),
      ({ status }) => status !== 'pending',
    );
    if (build.status === 'succeeded') return build;
    throw new TfkError('conflict', `The build failed: ${build.message ?? 'see its output'}`);
  }

  private async releaseOf({ appId, releaseId }: BuildRecord): Promise<ReleaseRecord> {
    const { releases } = this.parts.store;
    const release = await this.until(
      () => (releaseId === null ? releases.current(appId) : releases.byId(releaseId)),
      ({ status }) => status !== 'pending',
    );
    if (release.status === 'succeeded') return release;
    throw new TfkError('conflict', `The release failed: ${release.message ?? 'see its output'}`);
  }

  private async postdeploy({ id }: AppSetupRecord, release: ReleaseRecord, command: string): Promise<void> {
    const { store, clock, oneOffs, printed } = this.parts;
    await oneOffs.runPostdeploy(release, command, async (dyno) => {
      // A status that nobody saw is no success.
      const exitCode = dyno.stopReason === null ? (dyno.exitCode ?? 1) : (dyno.exitCode ?? 143);
      store.appSetups.setPostdeploy(id, { output: await printed(dyno), exitCode }, clock.now());
    });
  }

  /** Without a wait where it holds already. Throws where there is nothing any more: the app is gone. */
  private async until<T>(read: () => T | undefined, holds: (value: T) => boolean): Promise<T> {
    const { signal } = this.stopped;
    for (;;) {
      signal.throwIfAborted();
      const value = read();
      if (value === undefined) throw new TfkError('gone', 'The app is gone.');
      if (holds(value)) return value;
      await this.parts.clock.sleep(POLL_MS, signal);
    }
  }

  private async attempt(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.stopped.signal.aborted) this.fail(id, error);
    }
  }

  private fail(id: string, error: unknown): void {
    const { store, clock, logger } = this.parts;
    const setup = store.appSetups.byId(id);
    if (!setup) return;
    if (!(error instanceof TfkError)) logger.error({ err: error, app: setup.appId }, 'a set-up failed');
    const name = store.apps.find(setup.appId)?.name ?? '';
    const message = `${messageOf(error)} The app ${name} stays as it is; to remove it: tfk apps:destroy -a ${name}`;
    const manifestErrors = error instanceof ManifestError ? error.problems : [];
    try {
      store.appSetups.fail(id, { message, manifestErrors }, clock.now());
    } catch (cause) {
      // It stays pending, and recover() ends it after the next start.
      logger.error({ err: cause, app: setup.appId }, 'the end of a set-up could not be stored');
    }
  }

  private get(id: string): AppSetupRecord {
    const setup = this.parts.store.appSetups.byId(id);
    if (!setup) throw new TfkError('gone', 'The app is gone.');
    return setup;
  }
}

/** What is wrong with app.json, one problem each. */
class ManifestError extends TfkError {
  constructor(readonly problems: readonly string[]) {
    super('invalid_params', `app.json cannot be followed: ${problems.join('; ')}.`);
  }

  /** Of what planning threw, if it is about app.json: its message lists the problems, one a line. */
  static from(error: unknown): unknown {
    const [first = '', ...problems] = messageOf(error).split('\n');
    if (!first.startsWith('app.json')) return error;
    return new ManifestError(problems.length === 0 ? [first] : problems.map((problem) => problem.trim()));
  }
}

/** Heroku's form is a line, or an object with one and the size of its dyno. */
function postdeployOf({ scripts }: AppJson): string | null {
  const script: unknown = scripts?.postdeploy;
  if (typeof script === 'string') return script.trim() === '' ? null : script;
  if (typeof script !== 'object' || script === null || !('command' in script)) return null;
  return typeof script.command === 'string' ? script.command : null;
}
