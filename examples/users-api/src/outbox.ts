import { transaction, type Database } from './database.js';

export interface Message {
  readonly id: number;
  readonly kind: string;
  readonly username: string;
  readonly email: string;
}

/**
 * Sends the oldest unsent message, if there is one. Its row is locked until it is marked as sent, and others skip locked rows: two
 * workers never take the same message. When `send` rejects or the process dies, the lock goes and the message stays unsent.
 */
export async function sendNext(
  database: Database,
  send: (message: Message) => Promise<void>,
): Promise<Message | undefined> {
  return transaction(database, async (client) => {
    const { rows } = await client.query<Message>(`
      SELECT outbox.id, outbox.kind, users.username, users.email
      FROM outbox JOIN users ON users.id = outbox.user_id
      WHERE outbox.sent_at IS NULL
      ORDER BY outbox.id LIMIT 1
      FOR UPDATE OF outbox SKIP LOCKED`);
    const [message] = rows;
    if (!message) return undefined;
    await send(message);
    await client.query('UPDATE outbox SET sent_at = now() WHERE id = $1', [message.id]);
    return message;
  });
}

/** How many messages were sent more than `days` ago. */
export async function countOldMessages(database: Database, days: number): Promise<number> {
  const sql = "SELECT count(*)::int AS count FROM outbox WHERE sent_at < now() - $1 * interval '1 day'";
  return (await database.query<{ count: number }>(sql, [days])).rows[0]?.count ?? 0;
}

/** Answers how many it deleted. */
export async function deleteOldMessages(database: Database, days: number): Promise<number> {
  const sql = "DELETE FROM outbox WHERE sent_at < now() - $1 * interval '1 day'";
  return (await database.query(sql, [days])).rowCount ?? 0;
}
