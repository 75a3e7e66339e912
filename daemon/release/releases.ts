import type { Clock } from '../shared/clock.js';
import { messageOf, notFound, TfkError } from '../shared/errors.js';
import { newId, newSecret } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import { SerialQueue } from '../shared/serial-queue.js';
import type { Binding, ReleaseRecord } from '../store/releases.js';
import type { SlugRecord } from '../store/slugs.js';
import type { Store } from '../store/store.js';
import { applyChanges, assertConfigChanges, describeChange, type ConfigChanges } from './config-vars.js';
import type { Draft } from './draft.js';
import { formationAfter, type FormationWish } from './formation-after.js';
import { rollbackDraft } from './rollback.js';

export interface DeployedSlug {
  readonly id: string;
  readonly processTypes: Readonly<Record<string, string>>;
  readonly description: string;
  /** What app.json wishes for the app's first code; later deploys leave it to the user. */
  readonly firstDeploy: {
    readonly formation: FormationWish;
    readonly config: Readonly<Record<string, string>>;
  };
}

export interface PromotedSlug extends Pick<DeployedSlug, 'id' | 'processTypes' | 'description'> {
  readonly engine: string;
}

export interface ReleaseResult {
  readonly release: ReleaseRecord;
  /** True: nothing would have changed, and `release` is the current one. */
  readonly unchanged: boolean;
}

/** What the add-ons attached to an app give it. */
export interface Attached {
  readonly bindings: readonly Binding[];
  readonly vars: Readonly<Record<string, string>>;
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
    return this.make(appId, actor, (current, attached) => {
      assertConfigChanges(withoutEchoes(changes, attached.vars), new Set(Object.keys(attached.vars)));
      const { config, set, removed } = applyChanges(
        ownConfig(current),
        withoutEchoes(changes, attached.vars),
      );
      if (set.length === 0 && removed.length === 0) return null;
      return { ...codeOf(current), config, description: describeChange(set, removed) };
    });
  }

  /** A slug becomes the app's code. `inTransaction` is committed with the release: the end of its build. */
  deploy(
    appId: string,
    slug: DeployedSlug,
    actor: string,
    inTransaction: (release: { id: string }) => void = () => undefined,
  ): Promise<ReleaseResult> {
    return this.make(
      appId,
      actor,
      (current) => {
        if (current.slugId === slug.id && same(current.processTypes, slug.processTypes)) return null;
        return {
          description: slug.description,
          slugId: slug.id,
          processTypes: slug.processTypes,
          config:
            current.slugId === null
              ? { ...slug.firstDeploy.config, ...ownConfig(current) }
              : ownConfig(current),
          ...(current.slugId === null ? { formation: slug.firstDeploy.formation } : {}),
        };
      },
      { inTransaction },
    );
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
    const { description, id: slugId, processTypes, engine } = slug;
    await this.deps.openAddons(appId, engine);
    const draft = (current: ReleaseRecord): Draft => ({
      description,
      slugId,
      processTypes,
      config: ownConfig(current),
    });
    return this.make(appId, actor, draft, { inTransaction, waits: 'as long as it takes' });
  }

  /** After an add-on was attached or detached. */
  rebind(appId: string, description: string, actor: string): Promise<ReleaseResult> {
    return this.make(appId, actor, (current, attached) => {
      if (same(boundVars(current), attached.vars)) return null;
      return { ...codeOf(current), config: ownConfig(current), description };
    });
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
    return this.make(appId, actor, (current) => rollbackDraft(current, target, ownConfig(target)));
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
    draft: (current: ReleaseRecord, attached: Attached) => Draft | null,
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
    makeDraft: (current: ReleaseRecord, attached: Attached) => Draft | null,
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

/** The config without what the add-ons gave. */
function ownConfig(release: ReleaseRecord): Record<string, string> {
  const bound = new Set(release.bindings.flatMap((binding) => binding.keys));
  return Object.fromEntries(Object.entries(release.config).filter(([key]) => !bound.has(key)));
}

function boundVars(release: ReleaseRecord): Record<string, string> {
  const bound = new Set(release.bindings.flatMap((binding) => binding.keys));
  return Object.fromEntries(Object.entries(release.config).filter(([key]) => bound.has(key)));
}

/** `config:edit` sends the whole map back: an add-on's variable with the value it has anyway is no change. */
function withoutEchoes(changes: ConfigChanges, vars: Readonly<Record<string, string>>): ConfigChanges {
  return Object.fromEntries(
    Object.entries(changes).filter(([key, value]) => vars[key] === undefined || vars[key] !== value),
  );
}

const codeOf = (release: ReleaseRecord): Pick<Draft, 'slugId' | 'processTypes'> => ({
  slugId: release.slugId,
  processTypes: release.processTypes,
});

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
