import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import type { Event, EventKind, NewOrder, Order } from '../orders.js';
import { pause } from '../stopping.js';
import type { Outcome, Report, Store } from './store.js';

const MIGRATION_LOCK = 7_202_611;
const CHANNEL = 'pizzeria_events';
const COLUMNS = `orders.id, customer, pizzas, status, late, placed_at AS "placedAt", ready_at AS "readyAt"`;

/** Events lie in a table beside the orders; who adds one notifies the workers, and each takes another. */
export class PostgresStore implements Store {
  readonly kind = 'postgres';
  private readonly pool: pg.Pool;
  private listener: Promise<pg.Client> | undefined;

  constructor(
    private readonly config: Config,
    private readonly log: Logger,
  ) {
    this.pool = new pg.Pool({ ...this.connection(), max: config.poolSize, idleTimeoutMillis: 30_000 });
    // An idle connection was lost: the pool has dropped it already, and opens another for the next query.
    this.pool.on('error', (error) => log.warn({ error: error.message }, 'lost a connection to the database'));
  }

  migrate(folder = 'migrations'): Promise<readonly string[]> {
    return this.transaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      await client.query('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)');
      const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
      const ran = new Set(rows.map(({ name }) => name));
      const files = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
      const due = files.filter((name) => !ran.has(name));
      for (const name of due) {
        await client.query(await readFile(join(folder, name), 'utf8'));
        await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
      }
      return due;
    });
  }

  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  async place({ customer, pizzas }: NewOrder): Promise<Order> {
    return this.transaction(async (client) => {
      const { rows } = await client.query<Order>(
        `INSERT INTO orders (id, customer, pizzas, status, placed_at) VALUES ($1, $2, $3, 'placed', now())
         RETURNING ${COLUMNS}`,
        [randomUUID(), customer, pizzas],
      );
      const [order] = rows;
      if (!order) throw new Error('the order was not kept');
      await addEvent(client, 'order.placed', order.id);
      return order;
    });
  }

  async find(id: string): Promise<Order | null> {
    const { rows } = await this.pool.query<Order>(`SELECT ${COLUMNS} FROM orders WHERE id = $1`, [id]);
    return rows[0] ?? null;
  }

  async list(limit: number): Promise<readonly Order[]> {
    const sql = `SELECT ${COLUMNS} FROM orders ORDER BY placed_at DESC, id LIMIT $1`;
    return (await this.pool.query<Order>(sql, [limit])).rows;
  }

  /** The event's row is locked until it is marked, and others skip locked rows. */
  consume(handle: (event: Event) => Promise<Outcome>): Promise<boolean> {
    return this.transaction(async (client) => {
      const { rows } = await client.query<Order & { event: string; kind: EventKind }>(
        `SELECT events.id AS event, kind, ${COLUMNS} FROM events JOIN orders ON orders.id = order_id
         WHERE handled_at IS NULL ORDER BY events.id LIMIT 1 FOR UPDATE OF events SKIP LOCKED`,
      );
      const [row] = rows;
      if (!row) return false;
      const { event, kind, ...order } = row;
      const { ready, emit } = await handle({ kind, order });
      if (ready)
        await client.query(`UPDATE orders SET status = 'ready', ready_at = now() WHERE id = $1`, [order.id]);
      if (emit) await addEvent(client, emit, order.id);
      await client.query('UPDATE events SET handled_at = now() WHERE id = $1', [event]);
      return true;
    });
  }

  markLate(placedBefore: Date): Promise<number> {
    return this.transaction(async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `UPDATE orders SET late = true WHERE status = 'placed' AND NOT late AND placed_at < $1 RETURNING id`,
        [placedBefore],
      );
      for (const { id } of rows) await addEvent(client, 'order.late', id);
      return rows.length;
    });
  }

  async report(from: Date, to: Date): Promise<Report> {
    const { rows } = await this.pool.query<Report>(
      `SELECT count(*)::int AS orders, coalesce(sum(cardinality(pizzas)), 0)::int AS pizzas,
         (count(*) FILTER (WHERE late))::int AS late
       FROM orders WHERE placed_at >= $1 AND placed_at < $2`,
      [from, to],
    );
    return rows[0] ?? { orders: 0, pizzas: 0, late: 0 };
  }

  async lease(name: string, holder: string, ms: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `INSERT INTO leases (name, holder, until) VALUES ($1, $2, now() + $3 * interval '1 millisecond')
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
       WHERE leases.holder = excluded.holder OR leases.until < now()`,
      [name, holder, ms],
    );
    return rowCount === 1;
  }

  /** A notification ends the wait. Without one, as when the connection is lost, the time does. */
  async news(ms: number, stop: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    const until = AbortSignal.any([stop, waiting.signal]);
    const client = await this.listening().catch(() => undefined);
    const told = client && once(client, 'notification', { signal: until }).catch(() => undefined);
    await Promise.race([pause(ms, until), ...(told ? [told] : [])]);
    waiting.abort();
  }

  async close(): Promise<void> {
    const client = await this.listener?.catch(() => undefined);
    await client?.end().catch(() => undefined);
    await this.pool.end();
  }

  private listening(): Promise<pg.Client> {
    this.listener ??= this.listen().catch((error: unknown) => {
      this.listener = undefined;
      throw error;
    });
    return this.listener;
  }

  private async listen(): Promise<pg.Client> {
    const client = new pg.Client(this.connection());
    client.on('error', (error) => {
      this.log.warn({ error: error.message }, 'lost the connection that listens for events');
      this.listener = undefined;
    });
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    return client;
  }

  private connection(): pg.ClientConfig {
    return {
      connectionString: this.config.storeUrl,
      connectionTimeoutMillis: this.config.storeTimeoutMs,
      query_timeout: this.config.storeTimeoutMs,
      keepAlive: true,
      application_name: this.config.dyno,
    };
  }

  private async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    // Without a listener, a connection that dies between two queries would end the process.
    const ignore = () => undefined;
    client.on('error', ignore);
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((lost: Error) => (broken = lost));
      throw error;
    } finally {
      client.removeListener('error', ignore);
      client.release(broken);
    }
  }
}

/** Who listens hears of it when the transaction is committed, and not before. */
async function addEvent(client: pg.PoolClient, kind: EventKind, orderId: string): Promise<void> {
  await client.query('INSERT INTO events (kind, order_id) VALUES ($1, $2)', [kind, orderId]);
  await client.query(`NOTIFY ${CHANNEL}`);
}
