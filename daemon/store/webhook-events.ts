import type { Connection } from './database.js';

type Json = Readonly<Record<string, unknown>>;

/** A change of one of an app's resources, as its webhooks tell it. */
export interface WebhookEventRecord {
  readonly seq: number;
  readonly id: string;
  readonly appId: string;
  /** `api:release` */
  readonly include: string;
  /** `release` */
  readonly resource: string;
  readonly action: 'create' | 'update' | 'destroy';
  readonly actor: { readonly id: string; readonly email: string };
  /** The resource after the change; of one that is gone, as it was last. */
  readonly data: Json;
  /** What of it was different before. */
  readonly previousData: Json;
  readonly createdAt: number;
}

type Row = Omit<WebhookEventRecord, 'actor' | 'data' | 'previousData'> & {
  actorJson: string;
  dataJson: string;
  previousJson: string;
};
const SELECT = `SELECT seq, id, app_id AS appId, include, resource, action, actor_json AS actorJson, data_json AS dataJson,
  previous_json AS previousJson, created_at AS createdAt FROM webhook_events`;
const toRecord = ({ actorJson, dataJson, previousJson, ...row }: Row): WebhookEventRecord => ({
  ...row,
  actor: JSON.parse(actorJson) as WebhookEventRecord['actor'],
  data: JSON.parse(dataJson) as Json,
  previousData: JSON.parse(previousJson) as Json,
});

/** How much of the past is kept of each app. */
export interface WebhookHistory {
  /** Newest events, of which those whose deliveries are all over go when they are older than `before`. */
  readonly kept: number;
  /** Milliseconds since the epoch. */
  readonly before: number;
  /** Newest events beyond which all go, their deliveries over or not. */
  readonly most: number;
}

export class WebhookEventStore {
  constructor(private readonly db: Connection) {}

  insert(event: Omit<WebhookEventRecord, 'seq'>): void {
    this.db
      .prepare(
        `INSERT INTO webhook_events (id, app_id, include, resource, action, actor_json, data_json, previous_json, created_at)
         VALUES (@id, @appId, @include, @resource, @action, @actor, @data, @previousData, @createdAt)`,
      )
      .run({
        ...event,
        actor: JSON.stringify(event.actor),
        data: JSON.stringify(event.data),
        previousData: JSON.stringify(event.previousData),
      });
  }

  find(id: string): WebhookEventRecord | undefined {
    const row = this.db.prepare<[string], Row>(`${SELECT} WHERE id = ?`).get(id);
    return row && toRecord(row);
  }

  /** Oldest first. */
  list(appId: string): WebhookEventRecord[] {
    return this.db.prepare<[string], Row>(`${SELECT} WHERE app_id = ? ORDER BY seq`).all(appId).map(toRecord);
  }

  /** Forgets old events, with their deliveries. */
  prune({ kept, before, most }: WebhookHistory): void {
    this.db
      .prepare(
        `DELETE FROM webhook_events WHERE seq IN (
           SELECT seq FROM (
             SELECT seq, created_at, ROW_NUMBER() OVER (PARTITION BY app_id ORDER BY seq DESC) AS place,
               EXISTS (SELECT 1 FROM webhook_deliveries d
                 WHERE d.event_id = e.id AND d.status NOT IN ('failed', 'succeeded')) AS open
             FROM webhook_events e
           ) WHERE place > @most OR ((place > @kept OR created_at < @before) AND NOT open))`,
      )
      .run({ kept, before, most });
  }
}
