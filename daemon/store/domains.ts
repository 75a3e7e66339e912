import type { Changes } from './changes.js';
import type { Connection } from './database.js';

/** A host name of the user's own; `<app>.localhost` is not among them. */
export interface DomainRecord {
  readonly id: string;
  readonly appId: string;
  readonly hostname: string;
  /** Whose certificate it has; null: the app's automatic one, or none. */
  readonly sniEndpointId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const COLUMNS = `id, app_id AS appId, hostname, sni_endpoint_id AS sniEndpointId, created_at AS createdAt,
  updated_at AS updatedAt`;

export class DomainStore {
  constructor(
    private readonly db: Connection,
    private readonly changes: Changes,
  ) {}

  insert(domain: Omit<DomainRecord, 'updatedAt'>): void {
    this.changes.write('domain', domain.id, domain.appId, () =>
      this.db
        .prepare(
          `INSERT INTO domains (id, app_id, hostname, sni_endpoint_id, created_at, updated_at)
           VALUES (@id, @appId, @hostname, @sniEndpointId, @createdAt, @createdAt)`,
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

  setSniEndpoint(id: string, sniEndpointId: string | null, now: number): void {
    this.changes.write(
      'domain',
      id,
      () => this.appOf(id),
      () =>
        this.db
          .prepare('UPDATE domains SET sni_endpoint_id = ?, updated_at = ? WHERE id = ?')
          .run(sniEndpointId, now, id),
    );
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
