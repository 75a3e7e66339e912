import type { Connection } from './database.js';
import type { SecretBox } from './secret-box.js';

/** An add-on has new credentials; those of `former` end when no dyno has them any more. */
export interface RotationRecord {
  readonly addonId: string;
  /** The add-on's data as it was, passwords included. */
  readonly former: Readonly<Record<string, string | number>>;
  readonly begunAt: number;
}

type Row = Omit<RotationRecord, 'former'> & { former: Buffer };
const SELECT =
  'SELECT addon_id AS addonId, former_sealed AS former, begun_at AS begunAt FROM addon_rotations';
const context = (addonId: string): string => `addon:${addonId}:former`;

export class AddonRotationStore {
  constructor(
    private readonly db: Connection,
    private readonly box: SecretBox,
  ) {}

  insert({ addonId, former, begunAt }: RotationRecord): void {
    this.db
      .prepare('INSERT INTO addon_rotations (addon_id, former_sealed, begun_at) VALUES (?, ?, ?)')
      .run(addonId, this.box.seal(JSON.stringify(former), context(addonId)), begunAt);
  }

  of(addonId: string): RotationRecord | undefined {
    const row = this.db.prepare<[string], Row>(`${SELECT} WHERE addon_id = ?`).get(addonId);
    return row && this.toRecord(row);
  }

  all(): RotationRecord[] {
    return this.db
      .prepare<[], Row>(`${SELECT} ORDER BY begun_at`)
      .all()
      .map((row) => this.toRecord(row));
  }

  delete(addonId: string): void {
    this.db.prepare('DELETE FROM addon_rotations WHERE addon_id = ?').run(addonId);
  }

  private toRecord(row: Row): RotationRecord {
    const former = JSON.parse(this.box.open(row.former, context(row.addonId))) as RotationRecord['former'];
    return { ...row, former };
  }
}
