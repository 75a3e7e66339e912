import type { Engines } from '../engines/engines.js';
import type { BuildService } from '../http/services.js';
import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import type { AppRecord } from '../store/apps.js';
import type { BuildRecord } from '../store/builds.js';
import type { Store } from '../store/store.js';

export interface AppEngineParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly engines: Engines;
  readonly builds: Pick<BuildService, 'create'>;
  /** Is the tarball of this source still kept? */
  readonly hasSource: (sourceId: string) => Promise<boolean>;
  /** Lets the app's dynos on that engine reach its add-ons. */
  readonly openAddons: (appId: string, engine: string) => Promise<void>;
  /** Makes the release in which the add-ons are as the app's engine reaches them. */
  readonly rebind: (appId: string, description: string, actor: string) => Promise<unknown>;
}

type BuiltOf = Pick<BuildRecord, 'sourceId' | 'sourceUrl' | 'sourceVersion' | 'sourceChecksum'> &
  Partial<Pick<BuildRecord, 'sourceDescription'>>;

/** Which engine builds an app, and its move to another one. */
export class AppEngines {
  constructor(private readonly parts: AppEngineParts) {}

  /** The engine whose slug the app runs now; null for an app without code. */
  runningOn(app: AppRecord): string | null {
    return this.currentSlug(app)?.artifact.engine ?? null;
  }

  /**
   * From now on that engine builds the app. What it runs is built anew there from the same source, and released: until that
   * release is live, the app runs on where it is. Null: there is nothing to build, or its source is not kept any more; the
   * next push moves it then.
   */
  async move(app: AppRecord, name: string, actor: string): Promise<BuildRecord | null> {
    const { store, clock, engines, builds } = this.parts;
    const engine = engines.get(name);
    await this.refuseUnreachable(name);
    await this.parts.openAddons(app.id, engine.name);
    store.apps.setEngine(app.id, engine.name, clock.now());
    const slug = this.currentSlug(app);
    if (slug === undefined) {
      await this.parts.rebind(app.id, `Move to the ${engine.name} engine`, actor);
      return null;
    }
    if (slug.artifact.engine === engine.name) return null;
    const built = await this.buildWithSource(slug.id);
    if (built === null) return null;
    const { sourceUrl: url, sourceVersion: version, sourceChecksum: checksum } = built;
    const description = built.sourceDescription ?? null;
    const source = store.sources.byId(built.sourceId ?? '') ?? null;
    return source && builds.create({ app, source, url, version, description, checksum, actor });
  }

  private currentSlug({ id }: AppRecord) {
    const slugId = this.parts.store.releases.current(id)?.slugId;
    return slugId == null ? undefined : this.parts.store.slugs.byId(slugId);
  }

  private async refuseUnreachable(name: string): Promise<void> {
    const facts = await this.parts.engines.get(name).examine();
    const failed = facts.find(({ status }) => status === 'failed');
    if (!failed) return;
    throw new TfkError(
      'unavailable',
      `The ${name} engine does not work here: ${failed.detail}. Nothing was changed.`,
      {
        hint: failed.hint ?? 'Type: tfk doctor',
      },
    );
  }

  /** Of a slug that came by promotion, what the build was given which made it. */
  private async buildWithSource(slugId: string): Promise<BuiltOf | null> {
    const { builds, slugs } = this.parts.store;
    const [sourceId] = builds.newestSources([slugId]);
    if (sourceId === undefined || !(await this.parts.hasSource(sourceId))) return null;
    return builds.bySource(sourceId) ?? slugs.origin(slugId) ?? null;
  }
}
