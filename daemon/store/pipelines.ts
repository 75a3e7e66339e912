import type { Connection } from './database.js';

export interface PipelineRecord {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const COLUMNS = 'id, name, created_at AS createdAt, updated_at AS updatedAt';

export class PipelineStore {
  constructor(private readonly db: Connection) {}

  insert(pipeline: Omit<PipelineRecord, 'updatedAt'>): void {
    this.db
      .prepare(
        'INSERT INTO pipelines (id, name, created_at, updated_at) VALUES (@id, @name, @createdAt, @createdAt)',
      )
      .run(pipeline);
  }

  /** By id or name. */
  find(idOrName: string): PipelineRecord | undefined {
    return this.db
      .prepare<[string, string], PipelineRecord>(`SELECT ${COLUMNS} FROM pipelines WHERE id = ? OR name = ?`)
      .get(idOrName, idOrName);
  }

  /** By name. */
  list(): PipelineRecord[] {
    return this.db.prepare<[], PipelineRecord>(`SELECT ${COLUMNS} FROM pipelines ORDER BY name`).all();
  }

  rename(id: string, name: string, now: number): void {
    this.db.prepare('UPDATE pipelines SET name = ?, updated_at = ? WHERE id = ?').run(name, now, id);
  }

  /** With its couplings and promotions. */
  delete(id: string): void {
    this.db.prepare('DELETE FROM pipelines WHERE id = ?').run(id);
  }
}
