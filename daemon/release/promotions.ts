import type { Clock } from '../shared/clock.js';
import { messageOf, notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import type { AppRecord } from '../store/apps.js';
import type { PromotionRecord, PromotionTargetRecord } from '../store/pipeline-promotions.js';
import type { PipelineRecord } from '../store/pipelines.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SlugRecord } from '../store/slugs.js';
import type { Store } from '../store/store.js';
import type { Releases } from './releases.js';

export interface PromotionRequest {
  readonly pipeline: PipelineRecord;
  readonly source: AppRecord;
  /** Null: what the source runs now. */
  readonly release: ReleaseRecord | null;
  readonly targets: readonly AppRecord[];
  readonly actor: string;
}

export interface PromotionDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly releases: Pick<Releases, 'promote'>;
  readonly hasArtifact: (slug: SlugRecord) => Promise<boolean>;
}

/** A release to promote, and its slug. */
interface Promoted {
  readonly release: ReleaseRecord;
  readonly slug: SlugRecord;
}

/**
 * Promotes: what one app runs is released on others of its pipeline, the same slug with their own config. All targets are
 * noted down, with a slug row of their own, before the first one is released: from then on neither a crash of tfkd nor the end
 * of the source app stops it.
 */
export class Promotions {
  constructor(private readonly deps: PromotionDependencies) {}

  /** Refuses as a whole, or begins and answers at once. */
  async create(request: PromotionRequest): Promise<PromotionRecord> {
    const { store } = this.deps;
    assertTargets(store, request);
    const promoted = this.promotedOf(request);
    assertEngines(request, promoted.slug);
    if (!(await this.deps.hasArtifact(promoted.slug))) throw slugGone(request.source, promoted.release);
    const id = store.transaction(() => {
      assertTargets(store, request);
      return this.insert(request, promoted);
    });
    for (const target of store.pipelinePromotions.targets(id)) void this.release(target);
    return this.get(id);
  }

  /** Once after a start: targets that got no release from an earlier tfkd get it now. */
  recover(): void {
    for (const target of this.deps.store.pipelinePromotions.waiting()) void this.release(target);
  }

  private promotedOf({ source, release }: PromotionRequest): Promoted {
    const { store } = this.deps;
    const promoted = release ?? store.releases.current(source.id);
    const slug = promoted?.slugId == null ? undefined : store.slugs.byId(promoted.slugId);
    if (!promoted || !slug) throw nothingToPromote(source, release);
    if (promoted.status !== 'succeeded') throw notLive(source, promoted);
    return { release: promoted, slug };
  }

  private insert(
    { pipeline, source, targets, actor }: PromotionRequest,
    { release, slug }: Promoted,
  ): string {
    const { store, clock } = this.deps;
    const [id, now] = [newId(), clock.now()];
    store.pipelinePromotions.insert({
      id,
      pipelineId: pipeline.id,
      sourceAppId: source.id,
      sourceReleaseId: release.id,
      description: `Promote ${source.name} v${release.version}${slug.commit === null ? '' : ` ${slug.commit.slice(0, 8)}`}`,
      userEmail: actor,
      createdAt: now,
    });
    for (const { id: appId } of targets) {
      const { id: slugId } = store.slugs.adopt(slug, appId, newId(), now);
      const { processTypes } = release;
      store.pipelinePromotions.insertTarget({
        id: newId(),
        promotionId: id,
        appId,
        slugId,
        processTypes,
        updatedAt: now,
      });
    }
    return id;
  }

  /** Never rejects: what went wrong is the target's error. */
  private async release(target: PromotionTargetRecord): Promise<void> {
    try {
      await this.makeRelease(target);
    } catch (error) {
      this.giveUp(target, error);
    }
  }

  private async makeRelease({ id, promotionId, appId, slugId, processTypes }: PromotionTargetRecord) {
    const { store, clock, releases } = this.deps;
    const promotion = this.get(promotionId);
    const slug = store.slugs.byId(slugId);
    if (!slug) throw notFound('slug', 'The slug is gone.');
    const { description, userEmail } = promotion;
    const promoted = { id: slugId, processTypes, description, engine: slug.artifact.engine };
    await releases.promote(appId, promoted, userEmail, (release) => {
      if (store.pipelinePromotions.setRelease(id, release.id, clock.now())) return;
      throw new TfkError('gone', 'The promotion was given up: its pipeline is gone.');
    });
  }

  private giveUp({ id, appId }: PromotionTargetRecord, error: unknown): void {
    const { store, clock, logger } = this.deps;
    if (!(error instanceof TfkError)) logger.error({ err: error, app: appId }, 'a promotion failed');
    try {
      store.pipelinePromotions.fail(id, messageOf(error), clock.now());
    } catch (cause) {
      // The target still waits, and recover() takes it up after the next start.
      logger.error({ err: cause, app: appId }, 'the end of a promotion could not be stored');
    }
  }

  private get(id: string): PromotionRecord {
    const promotion = this.deps.store.pipelinePromotions.byId(id);
    if (!promotion) throw notFound('pipeline_promotion', 'There is no such promotion.');
    return promotion;
  }
}

function assertTargets(store: Store, { pipeline, source, targets }: PromotionRequest): void {
  for (const app of [source, ...targets]) assertIn(store, pipeline, app);
  const ids = targets.map(({ id }) => id);
  if (ids.length === 0)
    throw refused('A promotion needs at least one target', 'Name the apps to promote to in `targets`.');
  if (ids.includes(source.id)) throw refused(`${source.name} cannot be promoted to itself`);
  if (new Set(ids).size < ids.length) throw refused('A target is named twice');
}

function assertIn(store: Store, pipeline: PipelineRecord, app: AppRecord): void {
  if (store.pipelineCouplings.ofApp(app.id)?.pipelineId === pipeline.id) return;
  throw refused(
    `${app.name} is not in the pipeline ${pipeline.name}`,
    `Put it there: tfk pipelines:add ${pipeline.name} -s staging -a ${app.name}`,
  );
}

/** A slug runs only on the engine that built it, and which one an app is on is its user's to say. */
function assertEngines({ source, targets }: PromotionRequest, { artifact: { engine } }: SlugRecord): void {
  const other = targets.find((target) => target.engine !== engine);
  if (!other) return;
  throw refused(
    `${other.name} is on the ${other.engine} engine, and ${source.name} runs a slug of the ${engine} engine, which cannot run there`,
    `Move one of them: tfk apps:engine ${engine} -a ${other.name}, or tfk apps:engine ${other.engine} -a ${source.name}`,
  );
}

function nothingToPromote(source: AppRecord, release: ReleaseRecord | null): TfkError {
  const what = release === null ? source.name : `v${release.version} of ${source.name}`;
  return refused(`${what} has no code yet`, `Push some: tfk push -a ${source.name}`);
}

function notLive(source: AppRecord, { version, status }: ReleaseRecord): TfkError {
  const why = status === 'failed' ? 'failed' : 'is not finished';
  return refused(`v${version} of ${source.name} ${why}`, `Type: tfk releases -a ${source.name}`);
}

const slugGone = (source: AppRecord, { version }: ReleaseRecord): TfkError =>
  new TfkError(
    'gone',
    `The slug of v${version} of ${source.name} was removed to save space. Nothing was promoted.`,
    {
      hint: 'Push that source again, and promote that release.',
    },
  );

const refused = (what: string, hint?: string): TfkError =>
  new TfkError('invalid_params', `${what}. Nothing was promoted.`, hint === undefined ? {} : { hint });
