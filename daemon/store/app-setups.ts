import type { Connection } from './database.js';

export type AppSetupStatus = 'pending' | 'succeeded' | 'failed';

/** An app that is made, built and prepared in one go, as its app.json asks. */
export interface AppSetupRecord {
  readonly id: string;
  readonly appId: string;
  readonly userEmail: string;
  readonly status: AppSetupStatus;
  readonly failureMessage: string | null;
  readonly manifestErrors: readonly string[];
  /** Null until the source was read. */
  readonly buildId: string | null;
  /** app.json's command to run once the first release is there; null: none. */
  readonly postdeployCommand: string | null;
  /** Null until it has ended. */
  readonly postdeploy: { readonly output: string; readonly exitCode: number } | null;
  /** app.json's `success_url`, as it stands there. */
  readonly successUrl: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface Row extends Omit<AppSetupRecord, 'manifestErrors' | 'postdeploy'> {
  manifestErrors: string;
  postdeployOutput: string | null;
  postdeployExitCode: number | null;
}

const SELECT = `SELECT s.id, s.app_id AS appId, s.user_email AS userEmail, s.status, s.failure_message AS failureMessage,
  s.manifest_errors_json AS manifestErrors, s.build_id AS buildId, s.postdeploy_command AS postdeployCommand,
  s.postdeploy_output AS postdeployOutput, s.postdeploy_exit_code AS postdeployExitCode, s.success_url AS successUrl,
  s.created_at AS createdAt, s.updated_at AS updatedAt
  FROM app_setups s`;

const toRecord = ({ manifestErrors, postdeployOutput, postdeployExitCode, ...row }: Row): AppSetupRecord => ({
  ...row,
  manifestErrors: JSON.parse(manifestErrors) as string[],
  postdeploy:
    postdeployExitCode === null ? null : { output: postdeployOutput ?? '', exitCode: postdeployExitCode },
});

export class AppSetupStore {
  constructor(private readonly db: Connection) {}

  insert(setup: Pick<AppSetupRecord, 'id' | 'appId' | 'userEmail' | 'createdAt'>): void {
    this.db
      .prepare(
        `INSERT INTO app_setups (id, app_id, user_email, status, manifest_errors_json, created_at, updated_at)
         VALUES (@id, @appId, @userEmail, 'pending', '[]', @createdAt, @createdAt)`,
      )
      .run(setup);
  }

  byId(id: string): AppSetupRecord | undefined {
    const row = this.db.prepare<[string], Row>(`${SELECT} WHERE s.id = ?`).get(id);
    return row && toRecord(row);
  }

  /** Of all apps, oldest first: after a start of tfkd these are the ones it died in. */
  pending(): AppSetupRecord[] {
    return this.db
      .prepare<[], Row>(`${SELECT} WHERE s.status = 'pending' ORDER BY s.rowid`)
      .all()
      .map(toRecord);
  }

  /** The source was read, and is being built. */
  begin(
    id: string,
    of: Pick<AppSetupRecord, 'buildId' | 'postdeployCommand' | 'successUrl'>,
    now: number,
  ): void {
    this.db
      .prepare(
        `UPDATE app_setups SET build_id = @buildId, postdeploy_command = @postdeployCommand, success_url = @successUrl,
          updated_at = @now WHERE id = @id`,
      )
      .run({ ...of, id, now });
  }

  setPostdeploy(id: string, { output, exitCode }: { output: string; exitCode: number }, now: number): void {
    this.db
      .prepare(
        'UPDATE app_setups SET postdeploy_output = ?, postdeploy_exit_code = ?, updated_at = ? WHERE id = ?',
      )
      .run(output, exitCode, now, id);
  }

  succeed(id: string, now: number): void {
    this.db.prepare(`UPDATE app_setups SET status = 'succeeded', updated_at = ? WHERE id = ?`).run(now, id);
  }

  fail(
    id: string,
    why: { readonly message: string; readonly manifestErrors: readonly string[] },
    now: number,
  ): void {
    this.db
      .prepare(
        `UPDATE app_setups SET status = 'failed', failure_message = ?, manifest_errors_json = ?, updated_at = ?
         WHERE id = ? AND status = 'pending'`,
      )
      .run(why.message, JSON.stringify(why.manifestErrors), now, id);
  }
}
