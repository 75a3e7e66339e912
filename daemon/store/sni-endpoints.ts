import type { Changes } from './changes.js';
import type { Connection } from './database.js';
import type { SecretBox } from './secret-box.js';

/** What a certificate says of itself. Times in milliseconds since the epoch. */
export interface CertificateFacts {
  /** Host names, lower case; `*.example.com` stands for one label. */
  readonly domains: readonly string[];
  /** One line: `/C=US/O=Example/CN=www.example.com`. */
  readonly subject: string;
  readonly issuer: string;
  readonly startsAt: number;
  readonly expiresAt: number;
  readonly selfSigned: boolean;
  /** Its chain leads to an authority that browsers know. */
  readonly caSigned: boolean;
  /** SHA-256 of the first certificate, hex. */
  readonly fingerprint: string;
}

/** A certificate for some of an app's domains. Its private key is handed out by `privateKey` only. */
export interface SniEndpointRecord {
  readonly id: string;
  readonly appId: string;
  /** Unique in the home: `tokyo-1050`. */
  readonly name: string;
  /** PEM, the host's own certificate first. */
  readonly certificateChain: string;
  readonly facts: CertificateFacts;
  /** Issued by this home's own authority, and renewed by tfkd. */
  readonly automatic: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A certificate with its key, as it is handed in. */
export interface KeyedCertificate {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly facts: CertificateFacts;
}

interface Row extends Omit<SniEndpointRecord, 'facts' | 'automatic'> {
  readonly facts: string;
  readonly automatic: number;
}

const COLUMNS = `id, app_id AS appId, name, certificate_chain AS certificateChain, facts_json AS facts, automatic,
  created_at AS createdAt, updated_at AS updatedAt`;
const context = (id: string): string => `sni-endpoint:${id}:key`;

export class SniEndpointStore {
  constructor(
    private readonly db: Connection,
    private readonly box: SecretBox,
    private readonly changes: Changes,
  ) {}

  insert(
    endpoint: Pick<SniEndpointRecord, 'id' | 'appId' | 'name' | 'automatic' | 'createdAt'> & KeyedCertificate,
  ): void {
    const statement = this.db.prepare(
      `INSERT INTO sni_endpoints
         (id, app_id, name, certificate_chain, private_key_sealed, facts_json, automatic, created_at, updated_at)
       VALUES (@id, @appId, @name, @certificateChain, @sealed, @facts, @automatic, @createdAt, @createdAt)`,
    );
    const row = {
      ...endpoint,
      sealed: this.box.seal(endpoint.privateKey, context(endpoint.id)),
      facts: JSON.stringify(endpoint.facts),
      automatic: endpoint.automatic ? 1 : 0,
    };
    this.changes.write('sni-endpoint', endpoint.id, endpoint.appId, () => statement.run(row));
  }

  /** Another certificate under the same name. */
  replace(id: string, { certificateChain, privateKey, facts }: KeyedCertificate, now: number): void {
    const statement = this.db.prepare(
      `UPDATE sni_endpoints SET certificate_chain = ?, private_key_sealed = ?, facts_json = ?, updated_at = ?
       WHERE id = ?`,
    );
    const sealed = this.box.seal(privateKey, context(id));
    this.write(id, () => statement.run(certificateChain, sealed, JSON.stringify(facts), now, id));
  }

  delete(id: string): void {
    this.write(id, () => this.db.prepare('DELETE FROM sni_endpoints WHERE id = ?').run(id));
  }

  private write(id: string, work: () => unknown): void {
    const appId = (): string | undefined =>
      this.db
        .prepare<[string], { appId: string }>('SELECT app_id AS appId FROM sni_endpoints WHERE id = ?')
        .get(id)?.appId;
    this.changes.write('sni-endpoint', id, appId, work);
  }

  /** In the order in which they were made. */
  list(appId: string): SniEndpointRecord[] {
    return this.db
      .prepare<[string], Row>(
        `SELECT ${COLUMNS} FROM sni_endpoints WHERE app_id = ? ORDER BY created_at, rowid`,
      )
      .all(appId)
      .map(toRecord);
  }

  byName(name: string): SniEndpointRecord | undefined {
    const row = this.db
      .prepare<[string], Row>(`SELECT ${COLUMNS} FROM sni_endpoints WHERE name = ?`)
      .get(name);
    return row && toRecord(row);
  }

  /** PEM. */
  privateKey(id: string): string {
    const row = this.db
      .prepare<[string], { sealed: Buffer }>(
        'SELECT private_key_sealed AS sealed FROM sni_endpoints WHERE id = ?',
      )
      .get(id);
    if (!row) throw new Error(`there is no SNI endpoint ${id}`);
    return this.box.open(row.sealed, context(id));
  }
}

const toRecord = (row: Row): SniEndpointRecord => ({
  ...row,
  facts: JSON.parse(row.facts) as CertificateFacts,
  automatic: row.automatic === 1,
});
