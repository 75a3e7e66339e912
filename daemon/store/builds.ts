import type { Changes } from './changes.js';
import type { Connection } from './database.js';

export type BuildStatus = 'pending' | 'succeeded' | 'failed';

export interface BuildRecord {
  readonly id: string;
  readonly appId: string;
  readonly status: BuildStatus;
  readonly userEmail: string;
  /** Our own source, or null where the source is fetched from a URL. */
  readonly sourceId: string | null;
  readonly sourceUrl: string;
  readonly sourceVersion: string | null;
  /** What the version is about, as the pusher said: a commit's message. */
  readonly sourceDescription: string | null;
  readonly sourceChecksum: string | null;
  /** Those that were set, by name; empty where the source said itself what it is. */
  readonly buildpacks: readonly string[];
  /** Unguessable part of the output's URL. */
  readonly outputSecret: string;
  readonly slugId: string | null;
  readonly releaseId: string | null;
  /** Why it failed. */
  readonly message: string | null;
  readonly createdAt: number;
  /** Null while it waits in the queue. */
  readonly startedAt: number | null;
  readonly updatedAt: number;
}

type Row = Omit<BuildRecord, 'buildpacks'> & { buildpacksJson: string };
const COLUMNS = `id, app_id AS appId, status, user_email AS userEmail, source_id AS sourceId, source_url AS sourceUrl,
  source_version AS sourceVersion, source_description AS sourceDescription, source_checksum AS sourceChecksum, output_secret AS outputSecret, slug_id AS slugId,
  release_id AS releaseId, message, created_at AS createdAt, started_at AS startedAt, updated_at AS updatedAt,
  buildpacks_json AS buildpacksJson`;

export type NewBuild = Pick<
  BuildRecord,
  | 'id'
  | 'appId'
  | 'userEmail'
  | 'sourceId'
  | 'sourceUrl'
  | 'sourceVersion'
  | 'sourceDescription'
  | 'sourceChecksum'
  | 'outputSecret'
  | 'createdAt'
> &
  Partial<Pick<BuildRecord, 'buildpacks'>>;

const toRecord = ({ buildpacksJson, ...row }: Row): BuildRecord => ({
  ...row,
  buildpacks: JSON.parse(buildpacksJson) as string[],
});

export class BuildStore {
  constructor(
    private readonly db: Connection,
    private readonly changes: Changes,
  ) {}

  insert(build: NewBuild): void {
    this.changes.write('build', build.id, build.appId, () => this.insertRow(build));
  }

  private insertRow(build: NewBuild): void {
    this.db
      .prepare(
        `INSERT INTO builds (id, app_id, status, user_email, source_id, source_url, source_version, source_description,
          source_checksum, output_secret, buildpacks_json, created_at, updated_at)
         VALUES (@id, @appId, 'pending', @userEmail, @sourceId, @sourceUrl, @sourceVersion, @sourceDescription,
          @sourceChecksum, @outputSecret, @buildpacks, @createdAt, @createdAt)`,
      )
      .run({ ...build, buildpacks: JSON.stringify(build.buildpacks ?? []) });
  }

  markStarted(id: string, now: number): void {
    this.write(id, () =>
      this.db.prepare('UPDATE builds SET started_at = ?, updated_at = ? WHERE id = ?').run(now, now, id),
    );
  }

  /** Once: a build that has ended stays as it is. Answers whether this call ended it. */
  finish(
    id: string,
    end: {
      status: Exclude<BuildStatus, 'pending'>;
      slugId: string | null;
      releaseId: string | null;
      message: string | null;
    },
    now: number,
  ): boolean {
    const statement = this.db.prepare(
      `UPDATE builds SET status = @status, slug_id = @slugId, release_id = @releaseId, message = @message, updated_at = @now
       WHERE id = @id AND status = 'pending'`,
    );
    return this.write(id, () => statement.run({ ...end, id, now }).changes === 1);
  }

  byId(id: string): BuildRecord | undefined {
    return this.many(`SELECT ${COLUMNS} FROM builds WHERE id = ?`, id)[0];
  }

  /** The newest build of a source. */
  bySource(sourceId: string): BuildRecord | undefined {
    return this.many(
      `SELECT ${COLUMNS} FROM builds WHERE source_id = ? ORDER BY created_at DESC, rowid DESC LIMIT 1`,
      sourceId,
    )[0];
  }

  /** The build that made the slug; later ones of the same content may have used it again. */
  firstOfSlug(slugId: string): BuildRecord | undefined {
    return this.many(
      `SELECT ${COLUMNS} FROM builds WHERE slug_id = ? ORDER BY created_at, rowid LIMIT 1`,
      slugId,
    )[0];
  }

  byOutputSecret(secret: string): BuildRecord | undefined {
    return this.many(`SELECT ${COLUMNS} FROM builds WHERE output_secret = ?`, secret)[0];
  }

  /** Of each slug, the source it was last built of, by its app or by the one it was promoted from. */
  newestSources(slugIds: readonly string[]): string[] {
    return this.db
      .prepare<[{ slugs: string }], { sourceId: string }>(
        `SELECT source_id AS sourceId, MAX(created_at) FROM builds
         WHERE source_id IS NOT NULL AND slug_id IN (SELECT value FROM json_each(@slugs)) GROUP BY slug_id
         UNION SELECT source_id, 0 FROM promoted_slugs WHERE slug_id IN (SELECT value FROM json_each(@slugs))
         ORDER BY 2 DESC`,
      )
      .all({ slugs: JSON.stringify(slugIds) })
      .map(({ sourceId }) => sourceId);
  }

  /** Newest first. */
  list(appId: string): BuildRecord[] {
    return this.many(
      `SELECT ${COLUMNS} FROM builds WHERE app_id = ? ORDER BY created_at DESC, rowid DESC`,
      appId,
    );
  }

  /** Over all apps, oldest first. */
  pending(): BuildRecord[] {
    return this.many(`SELECT ${COLUMNS} FROM builds WHERE status = 'pending' ORDER BY created_at, rowid`);
  }

  private many(sql: string, ...values: string[]): BuildRecord[] {
    return this.db
      .prepare<string[], Row>(sql)
      .all(...values)
      .map(toRecord);
  }

  private write<T>(id: string, work: () => T): T {
    return this.changes.write('build', id, () => this.byId(id)?.appId, work);
  }
}
