import type { Connection } from './database.js';
import type { ReleaseStatus } from './releases.js';

export interface PromotionRecord {
  readonly id: string;
  readonly pipelineId: string;
  /** May be gone by now. */
  readonly sourceAppId: string;
  readonly sourceReleaseId: string;
  /** Of the releases that it makes. */
  readonly description: string;
  readonly userEmail: string;
  readonly createdAt: number;
}

export interface PromotionTargetRecord {
  readonly id: string;
  readonly promotionId: string;
  readonly appId: string;
  /** The target's own row of the promoted slug. */
  readonly slugId: string;
  readonly processTypes: Readonly<Record<string, string>>;
  /** Null until its release is made, or where it could not be made. */
  readonly releaseId: string | null;
  /** That of its release; `failed` also where there is none and never will be. */
  readonly status: ReleaseStatus;
  /** Why it failed. */
  readonly message: string | null;
  readonly updatedAt: number;
}

export type NewPromotionTarget = Pick<
  PromotionTargetRecord,
  'id' | 'promotionId' | 'appId' | 'slugId' | 'processTypes' | 'updatedAt'
>;

type TargetRow = Omit<PromotionTargetRecord, 'processTypes'> & { processTypes: string };

const COLUMNS = `id, pipeline_id AS pipelineId, source_app_id AS sourceAppId, source_release_id AS sourceReleaseId, description,
  user_email AS userEmail, created_at AS createdAt`;
const SELECT_TARGETS = `SELECT t.id, t.promotion_id AS promotionId, t.app_id AS appId, t.slug_id AS slugId,
  t.process_types_json AS processTypes, t.release_id AS releaseId,
  CASE WHEN t.error_message IS NOT NULL THEN 'failed' ELSE COALESCE(s.status, 'pending') END AS status,
  COALESCE(t.error_message, s.message) AS message, MAX(t.updated_at, COALESCE(s.updated_at, 0)) AS updatedAt
  FROM pipeline_promotion_targets t LEFT JOIN release_states s ON s.release_id = t.release_id`;
const toRecord = (row: TargetRow): PromotionTargetRecord => ({
  ...row,
  processTypes: JSON.parse(row.processTypes) as Record<string, string>,
});

export class PipelinePromotionStore {
  constructor(private readonly db: Connection) {}

  insert(promotion: PromotionRecord): void {
    this.db
      .prepare(
        `INSERT INTO pipeline_promotions (id, pipeline_id, source_app_id, source_release_id, description, user_email, created_at)
         VALUES (@id, @pipelineId, @sourceAppId, @sourceReleaseId, @description, @userEmail, @createdAt)`,
      )
      .run(promotion);
  }

  insertTarget(target: NewPromotionTarget): void {
    this.db
      .prepare(
        `INSERT INTO pipeline_promotion_targets (id, promotion_id, app_id, slug_id, process_types_json, updated_at)
         VALUES (@id, @promotionId, @appId, @slugId, @processTypes, @updatedAt)`,
      )
      .run({ ...target, processTypes: JSON.stringify(target.processTypes) });
  }

  byId(id: string): PromotionRecord | undefined {
    return this.db
      .prepare<[string], PromotionRecord>(`SELECT ${COLUMNS} FROM pipeline_promotions WHERE id = ?`)
      .get(id);
  }

  /** As they were named; without those whose app is gone. */
  targets(promotionId: string): PromotionTargetRecord[] {
    return this.db
      .prepare<[string], TargetRow>(`${SELECT_TARGETS} WHERE t.promotion_id = ? ORDER BY t.rowid`)
      .all(promotionId)
      .map(toRecord);
  }

  /** Those, of all promotions, that wait for their release to be made. */
  waiting(): PromotionTargetRecord[] {
    return this.db
      .prepare<[], TargetRow>(
        `${SELECT_TARGETS} WHERE t.release_id IS NULL AND t.error_message IS NULL ORDER BY t.rowid`,
      )
      .all()
      .map(toRecord);
  }

  /** Within the transaction that makes the release. False: the target waits for none (any more). */
  setRelease(targetId: string, releaseId: string, now: number): boolean {
    return (
      this.db
        .prepare(
          `UPDATE pipeline_promotion_targets SET release_id = ?, updated_at = ?
           WHERE id = ? AND release_id IS NULL AND error_message IS NULL`,
        )
        .run(releaseId, now, targetId).changes === 1
    );
  }

  /** There is no release, and never will be. */
  fail(targetId: string, message: string, now: number): void {
    this.db
      .prepare(
        `UPDATE pipeline_promotion_targets SET error_message = ?, updated_at = ? WHERE id = ? AND release_id IS NULL`,
      )
      .run(message, now, targetId);
  }
}
