import type { Changes } from './changes.js';
import type { Connection } from './database.js';
import type { SecretBox } from './secret-box.js';

export type ReleaseStatus = 'pending' | 'succeeded' | 'failed';

/** An add-on attachment as a release has it: which add-on, under which name, giving which config vars. */
export interface Binding {
  readonly addonId: string;
  readonly addonName: string;
  readonly plan: string;
  readonly attachment: string;
  readonly keys: readonly string[];
}

/** Immutable but for status and message, which live in a table of their own. */
export interface ReleaseRecord {
  readonly id: string;
  readonly appId: string;
  readonly version: number;
  readonly description: string;
  readonly userEmail: string;
  readonly slugId: string | null;
  /** The whole environment of its dynos but the platform's own: config vars and those of the bindings. */
  readonly config: Readonly<Record<string, string>>;
  readonly bindings: readonly Binding[];
  readonly processTypes: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly status: ReleaseStatus;
  readonly message: string | null;
  readonly outputSecret: string | null;
  readonly updatedAt: number;
}

export type NewRelease = Omit<ReleaseRecord, 'version' | 'updatedAt' | 'message'>;

interface Row {
  id: string;
  appId: string;
  version: number;
  description: string;
  userEmail: string;
  slugId: string | null;
  configSealed: Buffer;
  bindingsJson: string;
  processTypesJson: string;
  createdAt: number;
  status: ReleaseStatus;
  message: string | null;
  outputSecret: string | null;
  updatedAt: number;
}

const SELECT = `SELECT r.id, r.app_id AS appId, r.version, r.description, r.user_email AS userEmail, r.slug_id AS slugId,
  r.config_sealed AS configSealed, r.bindings_json AS bindingsJson, r.process_types_json AS processTypesJson,
  r.created_at AS createdAt, s.status, s.message, s.output_secret AS outputSecret, s.updated_at AS updatedAt
  FROM releases r JOIN release_states s ON s.release_id = r.id`;
const context = (releaseId: string): string => `release:${releaseId}:config`;

/** There is no update: what a release is never changes, only how far it has come. */
export class ReleaseStore {
  constructor(
    private readonly db: Connection,
    private readonly box: SecretBox,
    private readonly changes: Changes,
  ) {}

  /** Inserts the app's next version, and answers it. Call it within a transaction that also does what belongs to it. */
  insert(release: NewRelease): number {
    return this.changes.write('release', release.id, release.appId, () => this.insertRows(release));
  }

  private insertRows(release: NewRelease): number {
    const { next } = this.db
      .prepare<[string], { next: number }>(
        'SELECT COALESCE(MAX(version), 0) + 1 AS next FROM releases WHERE app_id = ?',
      )
      .get(release.appId) ?? { next: 1 };
    this.db
      .prepare(
        `INSERT INTO releases (id, app_id, version, description, user_email, slug_id, config_sealed, bindings_json,
          process_types_json, created_at)
         VALUES (@id, @appId, @version, @description, @userEmail, @slugId, @config, @bindings, @processTypes, @createdAt)`,
      )
      .run({
        ...release,
        version: next,
        config: this.box.seal(JSON.stringify(release.config), context(release.id)),
        bindings: JSON.stringify(release.bindings),
        processTypes: JSON.stringify(release.processTypes),
      });
    this.db
      .prepare(
        'INSERT INTO release_states (release_id, status, output_secret, updated_at) VALUES (?, ?, ?, ?)',
      )
      .run(release.id, release.status, release.outputSecret, release.createdAt);
    return next;
  }

  /** From pending to an end state; the database refuses anything else. */
  setStatus(
    id: string,
    status: Exclude<ReleaseStatus, 'pending'>,
    message: string | null,
    now: number,
  ): void {
    const statement = this.db.prepare(
      'UPDATE release_states SET status = ?, message = ?, updated_at = ? WHERE release_id = ?',
    );
    const appId = (): string | undefined =>
      this.db
        .prepare<[string], { appId: string }>('SELECT app_id AS appId FROM releases WHERE id = ?')
        .get(id)?.appId;
    this.changes.write('release', id, appId, () => statement.run(status, message, now, id));
  }

  byId(id: string): ReleaseRecord | undefined {
    return this.one(`${SELECT} WHERE r.id = ?`, id);
  }

  /** What the app runs; undefined where there is no such app. */
  current(appId: string): ReleaseRecord | undefined {
    return this.one(`${SELECT} WHERE r.id = (SELECT current_release_id FROM apps WHERE id = ?)`, appId);
  }

  byVersion(appId: string, version: number): ReleaseRecord | undefined {
    return this.one(`${SELECT} WHERE r.app_id = ? AND r.version = ?`, appId, version);
  }

  byOutputSecret(secret: string): ReleaseRecord | undefined {
    return this.one(`${SELECT} WHERE s.output_secret = ?`, secret);
  }

  /** Newest first. */
  list(appId: string): ReleaseRecord[] {
    return this.many(`${SELECT} WHERE r.app_id = ? ORDER BY r.version DESC`, appId);
  }

  /** What a crash left unfinished, over all apps. */
  pending(): ReleaseRecord[] {
    return this.many(`${SELECT} WHERE s.status = 'pending' ORDER BY r.created_at`);
  }

  /** Those with that add-on which give it to dynos: by running ones, as their app's current release, or soon. */
  inUseWith(addonId: string): ReleaseRecord[] {
    return this.many(
      `${SELECT} WHERE EXISTS (SELECT 1 FROM json_each(r.bindings_json) WHERE value ->> 'addonId' = ?)
         AND (s.status = 'pending'
           OR EXISTS (SELECT 1 FROM apps WHERE apps.current_release_id = r.id AND apps.destroyed_at IS NULL)
           OR EXISTS (SELECT 1 FROM dynos WHERE dynos.release_id = r.id AND dynos.state <> 'complete'))`,
      addonId,
    );
  }

  private one(sql: string, ...values: unknown[]): ReleaseRecord | undefined {
    return this.many(sql, ...values)[0];
  }

  private many(sql: string, ...values: unknown[]): ReleaseRecord[] {
    return this.db
      .prepare<unknown[], Row>(sql)
      .all(...values)
      .map((row) => this.toRecord(row));
  }

  private toRecord({ configSealed, bindingsJson, processTypesJson, ...row }: Row): ReleaseRecord {
    return {
      ...row,
      config: JSON.parse(this.box.open(configSealed, context(row.id))) as Record<string, string>,
      bindings: JSON.parse(bindingsJson) as Binding[],
      processTypes: JSON.parse(processTypesJson) as Record<string, string>,
    };
  }
}
