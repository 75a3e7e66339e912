import type { Changes } from './changes.js';
import type { Connection } from './database.js';

/** A host name of the user's own; `<app>.localhost` is not among them. */
export interface DomainRecord {
  readonly id: string;
  readonly appId: string;
  readonly hostname: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const COLUMNS = 'id, app_id AS appId, hostname, created_at AS createdAt, updated_at AS updatedAt';

export class DomainStore {
  constructor(
    private readonly db: Connection,
    private readonly changes: Changes,
  ) {}

  insert(domain: Omit<DomainRecord, 'updatedAt'>): void {
    this.changes.write('domain', domain.id, domain.appId, () =>
      this.db
        .prepare(
          'INSERT INTO domains (id, app_id, hostname, created_at, updated_at) VALUES (@id, @appId, @hostname, @createdAt, @createdAt)',
        )
        .run(domain),
    );
  }

  byHostname(hostname: string): DomainRecord | undefined {
    return this.db
      .prepare<[string], DomainRecord>(`SELECT ${COLUMNS} FROM domains WHERE hostname = ?`)
      .get(hostname);
  }

  list(appId: string): DomainRecord[] {
    return this.db
      .prepare<[string], DomainRecord>(`SELECT ${COLUMNS} FROM domains WHERE app_id = ? ORDER BY hostname`)
      .all(appId);
  }

  delete(id: string): void {
    this.changes.write(
      'domain',
      id,
      () => this.appOf(id),
      () => this.db.prepare('DELETE FROM domains WHERE id = ?').run(id),
    );
  }

  private appOf(id: string): string | undefined {
    return this.db
      .prepare<[string], { appId: string }>('SELECT app_id AS appId FROM domains WHERE id = ?')
      .get(id)?.appId;
  }
}
