import type { Changes } from './changes.js';
import type { Connection } from './database.js';
import type { SecretBox } from './secret-box.js';

export interface AddonRecord {
  readonly id: string;
  /** The app that owns it; others may have it attached. */
  readonly appId: string;
  readonly name: string;
  /** The name that it was made with, under which containers find it; a rename leaves it. */
  readonly hostName: string;
  readonly service: string;
  readonly plan: string;
  readonly state: 'provisioning' | 'provisioned' | 'deprovisioning';
  /** What its service needs to find it again, passwords included; null while it is being provisioned. */
  readonly data: Readonly<Record<string, string | number>> | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface AttachmentRecord {
  readonly id: string;
  readonly addonId: string;
  readonly appId: string;
  /** `DATABASE` */
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

type Row = Omit<AddonRecord, 'data'> & { data: Buffer | null };
const COLUMNS = `id, app_id AS appId, name, host_name AS hostName, service, plan, state, data_sealed AS data, created_at AS createdAt,
  updated_at AS updatedAt`;
const ATTACHMENT =
  'id, addon_id AS addonId, app_id AS appId, name, created_at AS createdAt, updated_at AS updatedAt';
/** A dyno without a handle yet is started where its release's slug is. */
const APPS_BOUND = `SELECT DISTINCT releases.app_id AS appId FROM releases
  JOIN release_states ON release_states.release_id = releases.id
  JOIN apps ON apps.id = releases.app_id
  LEFT JOIN slugs ON slugs.id = releases.slug_id
  LEFT JOIN dynos ON dynos.release_id = releases.id AND dynos.state <> 'complete'
  WHERE COALESCE(dynos.handle_json ->> 'engine', slugs.artifact_json ->> 'engine') = @engine
    AND (dynos.instance IS NOT NULL
      OR (apps.destroyed_at IS NULL AND (apps.current_release_id = releases.id OR release_states.status = 'pending')))
    AND EXISTS (SELECT 1 FROM json_each(releases.bindings_json) WHERE value ->> 'addonId' = @addonId)
  ORDER BY releases.app_id`;
const context = (addonId: string): string => `addon:${addonId}:data`;

export class AddonStore {
  constructor(
    private readonly db: Connection,
    private readonly box: SecretBox,
    private readonly changes: Changes,
  ) {}

  insert(addon: Pick<AddonRecord, 'id' | 'appId' | 'name' | 'service' | 'plan' | 'createdAt'>): void {
    const statement = this.db.prepare(
      `INSERT INTO addons (id, app_id, name, host_name, service, plan, state, created_at, updated_at)
       VALUES (@id, @appId, @name, @name, @service, @plan, 'provisioning', @createdAt, @createdAt)`,
    );
    this.changes.write('addon', addon.id, addon.appId, () => statement.run(addon));
  }

  markProvisioned(id: string, data: Readonly<Record<string, string | number>>, now: number): void {
    const statement = this.db.prepare(
      `UPDATE addons SET state = 'provisioned', data_sealed = ?, updated_at = ? WHERE id = ?`,
    );
    this.write(id, () => statement.run(this.box.seal(JSON.stringify(data), context(id)), now, id));
  }

  /** Of one that is provisioned; any other stays as it is. */
  setData(id: string, data: Readonly<Record<string, string | number>>, now: number): void {
    this.db
      .prepare(`UPDATE addons SET data_sealed = ?, updated_at = ? WHERE id = ? AND state = 'provisioned'`)
      .run(this.box.seal(JSON.stringify(data), context(id)), now, id);
  }

  rename(id: string, name: string, now: number): void {
    const statement = this.db.prepare('UPDATE addons SET name = ?, updated_at = ? WHERE id = ?');
    this.write(id, () => statement.run(name, now, id));
  }

  setPlan(id: string, plan: string, now: number): void {
    const statement = this.db.prepare('UPDATE addons SET plan = ?, updated_at = ? WHERE id = ?');
    this.write(id, () => statement.run(plan, now, id));
  }

  markDeprovisioning(id: string, now: number): void {
    this.write(id, () =>
      this.db.prepare(`UPDATE addons SET state = 'deprovisioning', updated_at = ? WHERE id = ?`).run(now, id),
    );
  }

  delete(id: string): void {
    this.write(id, () => this.db.prepare('DELETE FROM addons WHERE id = ?').run(id));
  }

  private write(id: string, work: () => unknown): void {
    this.changes.write('addon', id, () => this.find(id)?.appId, work);
  }

  /** By id or name. */
  find(idOrName: string): AddonRecord | undefined {
    const row = this.db
      .prepare<[string, string], Row>(`SELECT ${COLUMNS} FROM addons WHERE id = ? OR name = ?`)
      .get(idOrName, idOrName);
    return row && this.toRecord(row);
  }

  /** Does another add-on have the name, or answer under it as a host? */
  isTaken(name: string, id: string): boolean {
    const sql = 'SELECT 1 FROM addons WHERE (name = @name OR host_name = @name) AND id <> @id';
    return this.db.prepare(sql).get({ name, id }) !== undefined;
  }

  all(): AddonRecord[] {
    return this.db
      .prepare<[], Row>(`SELECT ${COLUMNS} FROM addons ORDER BY created_at, rowid`)
      .all()
      .map((row) => this.toRecord(row));
  }

  attach(attachment: Omit<AttachmentRecord, 'updatedAt'>): void {
    const statement = this.db.prepare(
      `INSERT INTO attachments (id, addon_id, app_id, name, created_at, updated_at)
       VALUES (@id, @addonId, @appId, @name, @createdAt, @createdAt)`,
    );
    this.changes.write('addon-attachment', attachment.id, attachment.appId, () => statement.run(attachment));
  }

  detach(attachmentId: string): void {
    const appId = (): string | undefined => this.attachments().find(({ id }) => id === attachmentId)?.appId;
    this.changes.write('addon-attachment', attachmentId, appId, () =>
      this.db.prepare('DELETE FROM attachments WHERE id = ?').run(attachmentId),
    );
  }

  attachments(): AttachmentRecord[] {
    return this.db
      .prepare<[], AttachmentRecord>(`SELECT ${ATTACHMENT} FROM attachments ORDER BY created_at, rowid`)
      .all();
  }

  attachmentsOf(appId: string): AttachmentRecord[] {
    return this.db
      .prepare<[string], AttachmentRecord>(
        `SELECT ${ATTACHMENT} FROM attachments WHERE app_id = ? ORDER BY created_at, rowid`,
      )
      .all(appId);
  }

  /** Ids of the apps with a dyno, or a release that has or may yet have some, on that engine, which names the add-on to them. */
  appsBoundOn(engine: string, addonId: string): string[] {
    return this.db
      .prepare<{ engine: string; addonId: string }, { appId: string }>(APPS_BOUND)
      .all({ engine, addonId })
      .map(({ appId }) => appId);
  }

  private toRecord(row: Row): AddonRecord {
    const data =
      row.data === null
        ? null
        : (JSON.parse(this.box.open(row.data, context(row.id))) as Record<string, string | number>);
    return { ...row, data };
  }
}
