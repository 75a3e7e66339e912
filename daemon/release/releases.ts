import type { Clock } from '../shared/clock.js';
import { messageOf, notFound, TfkError } from '../shared/errors.js';
import { newId, newSecret } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import { SerialQueue } from '../shared/serial-queue.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SlugRecord } from '../store/slugs.js';
import type { Store } from '../store/store.js';
import type { ConfigChanges } from './config-vars.js';
import type { Attached, DeployedSlug, MakeDraft, PromotedSlug } from './draft.js';
import { configDraft, deployDraft, promotionDraft, rebindDraft } from './drafts.js';
import { formationAfter } from './formation-after.js';
import { rollbackDraft } from './rollback.js';

export interface ReleaseResult {
  readonly release: ReleaseRecord;
  /** True: nothing would have changed, and `release` is the current one. */
  readonly unchanged: boolean;
}

/** What the release stage is handed by main; it knows neither dynos nor add-ons. */
export interface ReleaseDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As dynos of that engine reach the add-ons. */
  readonly attached: (appId: string, engine: string) => Attached;
  /**
   * Runs the release command in a one-off dyno of that release, or goes on waiting for the one that a crash of tfkd left
   * running. Null: it succeeded; else why not.
   */
  readonly runReleaseCommand: (release: ReleaseRecord) => Promise<string | null>;
  readonly hasArtifact: (slug: SlugRecord) => Promise<boolean>;
  /** Lets the app's dynos on that engine reach its add-ons; before the first release there. */
  readonly openAddons: (appId: string, engine: string) => Promise<void>;
  /** A line `app[api]` in the app's log. */
  readonly record: (appId: string, text: string) => void;
  /** Wakes the reconciler. */
  readonly notify: (appId: string) => void;
}

interface Making {
  /** Is committed with the release. */
  readonly inTransaction?: (release: { id: string }) => void;
  /** For other releases of the app. */
  readonly waits?: 'a moment' | 'as long as it takes';
}

/** How long a caller waits for another release of the app before it is told to come back. */
const QUEUE_PATIENCE_MS = 50_000;

/**
 * Makes releases: numbered, immutable, one operation at a time per app, the others waiting in order. The current release
 * changes in one transaction, after its release command has succeeded and never before.
 */
export class Releases {
  private readonly queue = new SerialQueue();

  constructor(private readonly deps: ReleaseDependencies) {}

  setConfig(appId: string, changes: ConfigChanges, actor: string): Promise<ReleaseResult> {
    return this.make(appId, actor, configDraft(changes));
  }

  /** A slug becomes the app's code. `inTransaction` is committed with the release: the end of its build. */
  deploy(
    appId: string,
    slug: DeployedSlug,
    actor: string,
    inTransaction: (release: { id: string }) => void = () => undefined,
  ): Promise<ReleaseResult> {
    return this.make(appId, actor, deployDraft(slug), { inTransaction });
  }

  /**
   * A slug that another app ran becomes this one's code, with the config that this one has; a release also where nothing
   * differs. Waits for its turn as long as it takes: whoever asked is not waiting for the answer.
   */
  async promote(
    appId: string,
    slug: PromotedSlug,
    actor: string,
    inTransaction: (release: { id: string }) => void,
  ): Promise<ReleaseResult> {
    await this.deps.openAddons(appId, slug.engine);
    return this.make(appId, actor, promotionDraft(slug), { inTransaction, waits: 'as long as it takes' });
  }

  /** After an add-on was attached or detached. */
  rebind(appId: string, description: string, actor: string): Promise<ReleaseResult> {
    return this.make(appId, actor, rebindDraft(description));
  }

  /** A new release with the slug, process types and config of an earlier one. */
  async rollback(appId: string, target: ReleaseRecord, actor: string): Promise<ReleaseResult> {
    const slug = target.slugId === null ? undefined : this.deps.store.slugs.byId(target.slugId);
    if (slug && !(await this.deps.hasArtifact(slug))) {
      throw new TfkError(
        'gone',
        `The slug of v${target.version} was removed to save space. Nothing was changed.`,
        {
          hint: 'Push that source again.',
        },
      );
    }
    if (slug) await this.deps.openAddons(appId, slug.artifact.engine);
    return this.make(appId, actor, rollbackDraft(target));
  }

  /** After a start of tfkd: pending releases go on where they were. */
  recover(): void {
    for (const release of this.deps.store.releases.pending()) {
      void this.queue
        .run(release.appId, () => this.finish(release))
        .catch((error: unknown) => {
          this.deps.logger.error({ err: error, release: release.version }, 'a release could not be finished');
        });
    }
  }

  current(appId: string): ReleaseRecord {
    const release = this.deps.store.releases.current(appId);
    if (!release) throw notFound('app', 'There is no such app.');
    return release;
  }

  /** The user's own config vars and those of the add-ons, as the current release has them. */
  config(appId: string): Readonly<Record<string, string>> {
    return this.current(appId).config;
  }

  private make(
    appId: string,
    actor: string,
    draft: MakeDraft,
    { inTransaction = () => undefined, waits = 'a moment' }: Making = {},
  ): Promise<ReleaseResult> {
    return new Promise((resolve, reject) => {
      let gaveUp = false;
      const giveUp = (): void => {
        gaveUp = true;
        reject(this.busy(appId));
      };
      const patience = waits === 'a moment' ? setTimeout(giveUp, QUEUE_PATIENCE_MS) : undefined;
      const job = async (): Promise<void> => {
        if (gaveUp) return;
        clearTimeout(patience);
        const result = this.insert(appId, actor, draft, inTransaction);
        resolve(result);
        if (result.unchanged) return;
        this.announce(result.release);
        await this.finish(result.release);
      };
      this.queue.run(appId, job).catch(reject);
    });
  }

  private busy(appId: string): TfkError {
    const pending = this.deps.store.releases.list(appId).find((release) => release.status === 'pending');
    const what = pending
      ? `v${pending.version} is still running its release command`
      : 'Another release is still under way';
    return new TfkError('conflict', `${what}. Nothing was changed.`, {
      hint: pending ? `Watch it with: tfk releases:output v${pending.version}` : 'Try again in a moment.',
    });
  }

  private insert(
    appId: string,
    actor: string,
    makeDraft: MakeDraft,
    inTransaction: (release: { id: string }) => void,
  ): ReleaseResult {
    const { store, clock } = this.deps;
    return store.transaction(() => {
      const current = this.current(appId);
      const draft = makeDraft(current, this.attached(appId, current.slugId));
      if (!draft) return { release: current, unchanged: true };
      const attached = this.attached(appId, draft.slugId);
      const now = clock.now();
      const id = newId();
      const needsCommand = draft.slugId !== null && draft.processTypes['release'] !== undefined;
      store.releases.insert({
        id,
        appId,
        description: draft.description,
        userEmail: actor,
        slugId: draft.slugId,
        config: { ...draft.config, ...attached.vars },
        bindings: attached.bindings,
        processTypes: draft.processTypes,
        createdAt: now,
        status: 'pending',
        outputSecret: needsCommand ? newSecret() : null,
      });
      for (const entry of formationAfter(store.formation.list(appId), draft)) {
        store.formation.put({ id: newId(), appId, now, ...entry });
      }
      inTransaction({ id });
      if (!needsCommand) this.commit(appId, id, now);
      return { release: this.release(id), unchanged: false };
    });
  }

  private attached(appId: string, slugId: string | null): Attached {
    const { store } = this.deps;
    const slug = slugId === null ? undefined : store.slugs.byId(slugId);
    return this.deps.attached(appId, slug?.artifact.engine ?? store.apps.find(appId)?.engine ?? '');
  }

  private announce(release: ReleaseRecord): void {
    const by = `by user ${release.userEmail}`;
    this.deps.record(release.appId, `Release v${release.version} created ${by}`);
    this.deps.record(release.appId, `${release.description} ${by}`);
    if (release.status === 'pending')
      this.deps.record(release.appId, `Running release v${release.version} commands ${by}`);
  }

  /** What comes after the row: the release command, if there is one, and the switch. May be repeated after a crash. */
  private async finish(release: ReleaseRecord): Promise<void> {
    const { store, clock, record, notify } = this.deps;
    if (release.status === 'pending') {
      const failure = await this.deps.runReleaseCommand(release).catch(messageOf);
      if (!store.releases.byId(release.id)) return;
      if (failure !== null) {
        store.releases.setStatus(release.id, 'failed', failure, clock.now());
        record(release.appId, `Release v${release.version} failed: ${failure}`);
        return;
      }
      store.transaction(() => this.commit(release.appId, release.id, clock.now()));
    }
    notify(release.appId);
  }

  /** Invariant 3: status and current release change together. */
  private commit(appId: string, releaseId: string, now: number): void {
    this.deps.store.releases.setStatus(releaseId, 'succeeded', null, now);
    this.deps.store.apps.setCurrentRelease(appId, releaseId, now);
  }

  private release(id: string): ReleaseRecord {
    const release = this.deps.store.releases.byId(id);
    if (!release) throw notFound('release', 'There is no such release.');
    return release;
  }
}
