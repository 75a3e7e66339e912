import type { Connection } from './database.js';

export type DeliveryStatus = 'pending' | 'scheduled' | 'retrying' | 'failed' | 'succeeded';

export interface AttemptRecord {
  readonly id: string;
  readonly status: 'scheduled' | 'succeeded' | 'failed';
  /** The HTTP status of the reply, if there was one. */
  readonly code: number | null;
  /** What went wrong, in a word. */
  readonly error: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One event on its way to one webhook. */
export interface DeliveryRecord {
  readonly seq: number;
  readonly id: string;
  readonly eventId: string;
  /** Of the event: `api:release`. */
  readonly include: string;
  readonly webhookId: string;
  readonly level: 'notify' | 'sync';
  readonly appId: string;
  /** Origin of the webhook's URL. */
  readonly target: string;
  readonly status: DeliveryStatus;
  readonly numAttempts: number;
  readonly nextAttemptAt: number | null;
  readonly lastAttempt: AttemptRecord | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface Row extends Omit<DeliveryRecord, 'lastAttempt'> {
  attemptId: string | null;
  attemptStatus: AttemptRecord['status'];
  attemptCode: number | null;
  attemptError: string | null;
  attemptCreatedAt: number;
  attemptUpdatedAt: number;
}

const SELECT = `SELECT d.seq, d.id, d.event_id AS eventId, e.include, d.webhook_id AS webhookId, w.level, w.app_id AS appId, w.target,
  d.status, d.num_attempts AS numAttempts, d.next_attempt_at AS nextAttemptAt, d.attempt_id AS attemptId,
  d.attempt_status AS attemptStatus, d.attempt_code AS attemptCode, d.attempt_error AS attemptError,
  d.attempt_created_at AS attemptCreatedAt, d.attempt_updated_at AS attemptUpdatedAt, d.created_at AS createdAt,
  d.updated_at AS updatedAt
  FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN webhook_events e ON e.id = d.event_id`;

export class WebhookDeliveryStore {
  constructor(private readonly db: Connection) {}

  /** Due at once. */
  insert(delivery: { id: string; eventId: string; webhookId: string; now: number }): void {
    this.db
      .prepare(
        `INSERT INTO webhook_deliveries (id, event_id, webhook_id, status, next_attempt_at, created_at, updated_at)
         VALUES (@id, @eventId, @webhookId, 'pending', @now, @now, @now)`,
      )
      .run(delivery);
  }

  find(id: string): DeliveryRecord | undefined {
    return this.many(`${SELECT} WHERE d.id = ?`, id)[0];
  }

  /** Oldest first. */
  list(appId: string): DeliveryRecord[] {
    return this.many(`${SELECT} WHERE w.app_id = ? ORDER BY d.seq`, appId);
  }

  /** That one of those due which has waited longest, none of them to a target that is busy. */
  due(now: number, busyTargets: Iterable<string>): DeliveryRecord | undefined {
    return this.many(
      `${SELECT} WHERE d.next_attempt_at <= ? AND w.target NOT IN (SELECT value FROM json_each(?))
       ORDER BY d.next_attempt_at, d.seq LIMIT 1`,
      now,
      JSON.stringify([...busyTargets]),
    )[0];
  }

  /** When the next one is due after `now`; null when none is. */
  nextDueAfter(now: number): number | null {
    return (
      this.db
        .prepare<[number], { next: number | null }>(
          'SELECT MIN(next_attempt_at) AS next FROM webhook_deliveries WHERE next_attempt_at > ?',
        )
        .get(now)?.next ?? null
    );
  }

  /** An attempt begins. */
  begin(id: string, attemptId: string, now: number): void {
    this.db
      .prepare(
        `UPDATE webhook_deliveries SET status = 'scheduled', num_attempts = num_attempts + 1, next_attempt_at = NULL,
          attempt_id = @attemptId, attempt_status = 'scheduled', attempt_code = NULL, attempt_error = NULL,
          attempt_created_at = @now, attempt_updated_at = @now, updated_at = @now
         WHERE id = @id`,
      )
      .run({ id, attemptId, now });
  }

  /** The attempt under way has ended. */
  end(
    id: string,
    end: {
      readonly status: 'succeeded' | 'failed' | 'retrying';
      readonly code: number | null;
      readonly error: string | null;
      readonly nextAttemptAt: number | null;
    },
    now: number,
  ): void {
    this.db
      .prepare(
        `UPDATE webhook_deliveries SET status = @status, next_attempt_at = @nextAttemptAt,
          attempt_status = iif(@status = 'succeeded', 'succeeded', 'failed'), attempt_code = @code, attempt_error = @error,
          attempt_updated_at = @now, updated_at = @now
         WHERE id = @id AND status = 'scheduled'`,
      )
      .run({ ...end, id, now });
  }

  /** Due at once, whatever became of it before; but not while an attempt is under way. Answers whether it is. */
  redo(id: string, now: number): boolean {
    return (
      this.db
        .prepare(
          `UPDATE webhook_deliveries SET status = 'pending', next_attempt_at = ?, updated_at = ?
           WHERE id = ? AND status <> 'scheduled'`,
        )
        .run(now, now, id).changes === 1
    );
  }

  /** Nobody knows what became of attempts that were under way when a tfkd ended: those deliveries are due again. */
  redoUnfinished(now: number): void {
    this.db
      .prepare(
        `UPDATE webhook_deliveries SET status = 'pending', next_attempt_at = ?, updated_at = ? WHERE status = 'scheduled'`,
      )
      .run(now, now);
  }

  private many(sql: string, ...values: unknown[]): DeliveryRecord[] {
    return this.db
      .prepare<unknown[], Row>(sql)
      .all(...values)
      .map(toRecord);
  }
}

function toRecord(row: Row): DeliveryRecord {
  const { attemptId, attemptStatus, attemptCode, attemptError, attemptCreatedAt, attemptUpdatedAt, ...rest } =
    row;
  const lastAttempt =
    attemptId === null
      ? null
      : {
          id: attemptId,
          status: attemptStatus,
          code: attemptCode,
          error: attemptError,
          createdAt: attemptCreatedAt,
          updatedAt: attemptUpdatedAt,
        };
  return { ...rest, lastAttempt };
}
