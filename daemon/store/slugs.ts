import { gunzipSync, gzipSync } from 'node:zlib';
import type { Connection } from './database.js';
import type { SecretBox } from './secret-box.js';

export interface SlugRecord {
  readonly id: string;
  readonly appId: string;
  /** Hash of all that the build read: source, plan, runtime, engine. */
  readonly contentKey: string;
  /** The engine's artifact, as it gave it. */
  readonly artifact: { readonly engine: string; readonly id: string; readonly size: number };
  readonly processTypes: Readonly<Record<string, string>>;
  /** The plan's own. */
  readonly launchEnv: Readonly<Record<string, string>>;
  /** What came of the build itself, over the plan's: a classic buildpack's `config_vars`. It may be secret. */
  readonly broughtEnv?: Readonly<Record<string, string>>;
  readonly launchPath: readonly string[];
  /** app.json's `healthchecks`, as validated at build time. */
  readonly healthchecks: unknown;
  /** `SHA256:<hex>` of the source's content. */
  readonly checksum: string;
  /** What the user named the source: a commit. */
  readonly commit: string | null;
  readonly planner: string;
  /** Bytes. */
  readonly size: number;
  readonly createdAt: number;
}

/** What a slug was made of. */
export interface SlugContents {
  /** Path → hash of the file's content, mode included. */
  readonly files: Readonly<Record<string, string>>;
  /** Package → locked version. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The source of a slug that came by promotion, as its build had it. */
export interface SlugOrigin {
  readonly sourceId: string;
  readonly sourceUrl: string;
  readonly sourceVersion: string | null;
  readonly sourceChecksum: string | null;
}

type Row = Omit<
  SlugRecord,
  'artifact' | 'processTypes' | 'launchEnv' | 'broughtEnv' | 'launchPath' | 'healthchecks'
> & {
  artifact: string;
  processTypes: string;
  launchEnv: string;
  broughtEnv: Buffer | null;
  launchPath: string;
  healthchecks: string;
};

const COLUMNS = `id, app_id AS appId, content_key AS contentKey, artifact_json AS artifact, process_types_json AS processTypes,
  launch_env_json AS launchEnv, brought_env_sealed AS broughtEnv, launch_path_json AS launchPath, healthchecks_json AS healthchecks, checksum,
  commit_ref AS "commit", planner, size, created_at AS createdAt`;

const context = (slugId: string): string => `slug:${slugId}:env`;

export class SlugStore {
  constructor(
    private readonly db: Connection,
    private readonly box: SecretBox,
  ) {}

  insert(slug: SlugRecord): void {
    this.db
      .prepare(
        `INSERT INTO slugs (id, app_id, content_key, artifact_json, process_types_json, launch_env_json, brought_env_sealed,
          launch_path_json, healthchecks_json, checksum, commit_ref, planner, size, created_at)
         VALUES (@id, @appId, @contentKey, @artifact, @processTypes, @launchEnv, @broughtEnv, @launchPath, @healthchecks,
          @checksum, @commit, @planner, @size, @createdAt)`,
      )
      .run({
        ...slug,
        artifact: JSON.stringify(slug.artifact),
        processTypes: JSON.stringify(slug.processTypes),
        launchEnv: JSON.stringify(slug.launchEnv),
        broughtEnv: this.seal(slug.id, slug.broughtEnv ?? {}),
        launchPath: JSON.stringify(slug.launchPath),
        healthchecks: JSON.stringify(slug.healthchecks ?? null),
      });
  }

  putContents(slugId: string, contents: SlugContents): void {
    this.db
      .prepare('INSERT OR REPLACE INTO slug_contents (slug_id, contents) VALUES (?, ?)')
      .run(slugId, gzipSync(JSON.stringify(contents)));
  }

  contents(slugId: string): SlugContents | null {
    const row = this.db
      .prepare<[string], { contents: Buffer }>('SELECT contents FROM slug_contents WHERE slug_id = ?')
      .get(slugId);
    return row ? (JSON.parse(gunzipSync(row.contents).toString('utf8')) as SlugContents) : null;
  }

  byId(id: string): SlugRecord | undefined {
    const row = this.db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM slugs WHERE id = ?`).get(id);
    return row && this.toRecord(row);
  }

  /** The newest slug of that content. */
  byContent(appId: string, contentKey: string): SlugRecord | undefined {
    const row = this.db
      .prepare<[string, string], Row>(
        `SELECT ${COLUMNS} FROM slugs WHERE app_id = ? AND content_key = ? ORDER BY created_at DESC LIMIT 1`,
      )
      .get(appId, contentKey);
    return row && this.toRecord(row);
  }

  /**
   * The app's own row of another app's slug, so that it outlives that app: the same artifact, and what it was made of. Call it
   * within a transaction. Answers the row that the app has already where it has one.
   */
  adopt(slug: SlugRecord, appId: string, id: string, now: number): SlugRecord {
    const own = this.byContent(appId, slug.contentKey);
    if (own?.artifact.engine === slug.artifact.engine && own.artifact.id === slug.artifact.id) {
      this.adoptJobs(slug.id, own.id);
      return own;
    }
    const adopted = { ...slug, id, appId, createdAt: now };
    this.insert(adopted);
    this.db
      .prepare(
        'INSERT INTO slug_contents (slug_id, contents) SELECT ?, contents FROM slug_contents WHERE slug_id = ?',
      )
      .run(id, slug.id);
    this.adoptJobs(slug.id, id);
    this.keepOrigin(slug.id, id);
    return adopted;
  }

  /** What a promoted slug was made of; undefined for one that the app built itself. */
  origin(slugId: string): SlugOrigin | undefined {
    return this.db
      .prepare<[string], SlugOrigin>(
        `SELECT source_id AS sourceId, source_url AS sourceUrl, source_version AS sourceVersion,
          source_checksum AS sourceChecksum FROM promoted_slugs WHERE slug_id = ?`,
      )
      .get(slugId);
  }

  /** Once after a start: what an earlier tfkd kept as it was of classic buildpacks' environments. */
  sealBrought(): void {
    const kept = this.db
      .prepare<[], { id: string; env: string }>(
        `SELECT id, launch_env_json AS env FROM slugs
         WHERE planner = 'buildpacks' AND brought_env_sealed IS NULL AND launch_env_json <> '{}'`,
      )
      .all();
    const put = this.db.prepare(
      `UPDATE slugs SET brought_env_sealed = ?, launch_env_json = '{}' WHERE id = ?`,
    );
    for (const { id, env } of kept) put.run(this.seal(id, JSON.parse(env) as Record<string, string>), id);
  }

  private toRecord(row: Row): SlugRecord {
    const brought = row.broughtEnv === null ? '{}' : this.box.open(row.broughtEnv, context(row.id));
    return {
      ...row,
      artifact: JSON.parse(row.artifact) as SlugRecord['artifact'],
      processTypes: JSON.parse(row.processTypes) as Record<string, string>,
      launchEnv: JSON.parse(row.launchEnv) as Record<string, string>,
      broughtEnv: JSON.parse(brought) as Record<string, string>,
      launchPath: JSON.parse(row.launchPath) as string[],
      healthchecks: JSON.parse(row.healthchecks) as unknown,
    };
  }

  private seal(slugId: string, env: Readonly<Record<string, string>>): Buffer | null {
    return Object.keys(env).length === 0 ? null : this.box.seal(JSON.stringify(env), context(slugId));
  }

  /** Scheduled jobs are the slug's; a row from before there were any has none yet. */
  private adoptJobs(from: string, to: string): void {
    this.db
      .prepare(
        `INSERT INTO slug_cron (slug_id, jobs_json) SELECT ?, jobs_json FROM slug_cron WHERE slug_id = ?
         ON CONFLICT (slug_id) DO NOTHING`,
      )
      .run(to, from);
  }

  /** The newest build of the slug, else what that one came by itself. */
  private keepOrigin(from: string, to: string): void {
    const built = this.db
      .prepare(
        `INSERT INTO promoted_slugs (slug_id, source_id, source_url, source_version, source_checksum)
         SELECT ?, source_id, source_url, source_version, source_checksum FROM builds
         WHERE slug_id = ? AND source_id IS NOT NULL ORDER BY created_at DESC, rowid DESC LIMIT 1`,
      )
      .run(to, from);
    if (built.changes > 0) return;
    this.db
      .prepare(
        `INSERT INTO promoted_slugs (slug_id, source_id, source_url, source_version, source_checksum)
         SELECT ?, source_id, source_url, source_version, source_checksum FROM promoted_slugs WHERE slug_id = ?`,
      )
      .run(to, from);
  }

  /**
   * Slugs that the newest `releases` releases of any app, its current one, or a promotion under way still need; and as many of
   * those that were uploaded to it last, which may yet be released.
   */
  inUse(releases: number): SlugRecord[] {
    return this.db
      .prepare<[{ releases: number }], Row>(
        `SELECT ${COLUMNS} FROM slugs WHERE id IN (
           SELECT slug_id FROM (
             SELECT slug_id, ROW_NUMBER() OVER (PARTITION BY app_id ORDER BY version DESC) AS age FROM releases WHERE slug_id IS NOT NULL
           ) WHERE age <= @releases
           UNION SELECT id FROM (
             SELECT id, ROW_NUMBER() OVER (PARTITION BY app_id ORDER BY received_at DESC) AS age FROM slug_uploads WHERE received_at IS NOT NULL
           ) WHERE age <= @releases
           UNION SELECT r.slug_id FROM apps a JOIN releases r ON r.id = a.current_release_id WHERE r.slug_id IS NOT NULL
           UNION SELECT slug_id FROM pipeline_promotion_targets WHERE release_id IS NULL AND error_message IS NULL)`,
      )
      .all({ releases })
      .map((row) => this.toRecord(row));
  }
}
