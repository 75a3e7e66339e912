import type { Connection } from './database.js';

/** From the first to the last; `test` and `review` hold apps that live for one change. */
export const STAGES = ['test', 'review', 'development', 'staging', 'production'] as const;
export type Stage = (typeof STAGES)[number];

/** An app in a pipeline, at a stage. */
export interface CouplingRecord {
  readonly id: string;
  readonly pipelineId: string;
  readonly pipelineName: string;
  readonly appId: string;
  readonly stage: Stage;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** An app that is being destroyed is in no pipeline any more. */
const SELECT = `SELECT c.id, c.pipeline_id AS pipelineId, p.name AS pipelineName, c.app_id AS appId, c.stage,
  c.created_at AS createdAt, c.updated_at AS updatedAt
  FROM pipeline_couplings c JOIN pipelines p ON p.id = c.pipeline_id
  JOIN apps a ON a.id = c.app_id AND a.destroyed_at IS NULL`;

export class PipelineCouplingStore {
  constructor(private readonly db: Connection) {}

  insert(coupling: Omit<CouplingRecord, 'updatedAt' | 'pipelineName'>): void {
    this.db
      .prepare(
        `INSERT INTO pipeline_couplings (id, pipeline_id, app_id, stage, created_at, updated_at)
         VALUES (@id, @pipelineId, @appId, @stage, @createdAt, @createdAt)`,
      )
      .run(coupling);
  }

  byId(id: string): CouplingRecord | undefined {
    return this.db.prepare<[string], CouplingRecord>(`${SELECT} WHERE c.id = ?`).get(id);
  }

  ofApp(appId: string): CouplingRecord | undefined {
    return this.db.prepare<[string], CouplingRecord>(`${SELECT} WHERE c.app_id = ?`).get(appId);
  }

  /** Oldest first. */
  ofPipeline(pipelineId: string): CouplingRecord[] {
    return this.db
      .prepare<[string], CouplingRecord>(`${SELECT} WHERE c.pipeline_id = ? ORDER BY c.created_at, c.rowid`)
      .all(pipelineId);
  }

  /** Of all pipelines, oldest first. */
  list(): CouplingRecord[] {
    return this.db.prepare<[], CouplingRecord>(`${SELECT} ORDER BY c.created_at, c.rowid`).all();
  }

  setStage(id: string, stage: Stage, now: number): void {
    this.db
      .prepare('UPDATE pipeline_couplings SET stage = ?, updated_at = ? WHERE id = ?')
      .run(stage, now, id);
  }

  delete(id: string): void {
    this.db.prepare('DELETE FROM pipeline_couplings WHERE id = ?').run(id);
  }
}
