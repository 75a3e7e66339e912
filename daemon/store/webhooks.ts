import type { Connection } from './database.js';
import type { SecretBox } from './secret-box.js';

/** `notify`: one attempt. `sync`: again until it succeeds, or its time is over. */
export type WebhookLevel = 'notify' | 'sync';

export interface WebhookRecord {
  readonly id: string;
  readonly appId: string;
  readonly url: string;
  /** `api:release`… */
  readonly include: readonly string[];
  readonly level: WebhookLevel;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What only the sender of a delivery needs to know. */
export interface WebhookSecrets {
  readonly secret: string;
  readonly authorization: string | null;
}

type Row = Omit<WebhookRecord, 'include'> & { includeJson: string };
const COLUMNS = `id, app_id AS appId, url, include_json AS includeJson, level, created_at AS createdAt, updated_at AS updatedAt`;
const toRecord = ({ includeJson, ...row }: Row): WebhookRecord => ({
  ...row,
  include: JSON.parse(includeJson) as string[],
});
const context = (webhookId: string, field: keyof WebhookSecrets): string => `webhook:${webhookId}:${field}`;

export class WebhookStore {
  constructor(
    private readonly db: Connection,
    private readonly box: SecretBox,
  ) {}

  /** Inserts the webhook, or puts it in the place of the one with its id. */
  put(webhook: WebhookRecord, { secret, authorization }: WebhookSecrets): void {
    const { id, include, ...columns } = webhook;
    this.db
      .prepare(
        `INSERT INTO webhooks (id, app_id, url, target, include_json, level, secret_sealed, authorization_sealed, created_at,
          updated_at)
         VALUES (@id, @appId, @url, @target, @include, @level, @secret, @authorization, @createdAt, @updatedAt)
         ON CONFLICT (id) DO UPDATE SET url = @url, target = @target, include_json = @include, level = @level,
          secret_sealed = @secret, authorization_sealed = @authorization, updated_at = @updatedAt`,
      )
      .run({
        ...columns,
        id,
        target: new URL(webhook.url).origin,
        include: JSON.stringify(include),
        secret: this.box.seal(secret, context(id, 'secret')),
        authorization:
          authorization === null ? null : this.box.seal(authorization, context(id, 'authorization')),
      });
  }

  find(id: string): WebhookRecord | undefined {
    const row = this.db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM webhooks WHERE id = ?`).get(id);
    return row && toRecord(row);
  }

  secrets(id: string): WebhookSecrets | undefined {
    const row = this.db
      .prepare<[string], { secret: Buffer; authorization: Buffer | null }>(
        'SELECT secret_sealed AS secret, authorization_sealed AS authorization FROM webhooks WHERE id = ?',
      )
      .get(id);
    if (!row) return undefined;
    return {
      secret: this.box.open(row.secret, context(id, 'secret')),
      authorization:
        row.authorization === null ? null : this.box.open(row.authorization, context(id, 'authorization')),
    };
  }

  /** Oldest first. */
  list(appId: string): WebhookRecord[] {
    return this.db
      .prepare<[string], Row>(`SELECT ${COLUMNS} FROM webhooks WHERE app_id = ? ORDER BY created_at, rowid`)
      .all(appId)
      .map(toRecord);
  }

  /** Has the app any? */
  any(appId: string): boolean {
    return this.db.prepare('SELECT 1 FROM webhooks WHERE app_id = ? LIMIT 1').get(appId) !== undefined;
  }

  /** With its deliveries. */
  delete(id: string): void {
    this.db.prepare('DELETE FROM webhooks WHERE id = ?').run(id);
  }
}
