import type { Connection } from './database.js';

/** The buildpacks that are set on apps, by name and in their order. */
export class BuildpackInstallationStore {
  constructor(private readonly db: Connection) {}

  list(appId: string): string[] {
    return this.db
      .prepare<[string], { buildpack: string }>(
        'SELECT buildpack FROM buildpack_installations WHERE app_id = ? ORDER BY ordinal',
      )
      .all(appId)
      .map(({ buildpack }) => buildpack);
  }

  /** Instead of those that were set. Call it within a transaction. */
  replace(appId: string, buildpacks: readonly string[]): void {
    this.db.prepare('DELETE FROM buildpack_installations WHERE app_id = ?').run(appId);
    const insert = this.db.prepare(
      'INSERT INTO buildpack_installations (app_id, ordinal, buildpack) VALUES (?, ?, ?)',
    );
    buildpacks.forEach((buildpack, ordinal) => insert.run(appId, ordinal, buildpack));
  }
}
