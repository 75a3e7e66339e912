import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Content, TableContent } from '../../backups/content.js';

/** Schemas of the user, without what came with an extension. */
const OWN = `nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'`;
const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY 1, 2`;

/**
 * What there is besides rows: a kind, and a text that names one object. Expressions are left out: PostgreSQL prints some of them
 * otherwise once they were restored.
 */
const OBJECTS: Readonly<Record<string, string>> = {
  schemas: `SELECT nspname AS text FROM pg_catalog.pg_namespace n WHERE ${OWN} AND nspname <> 'public' AND ${notOfExtension('pg_namespace', 'n.oid')}`,
  relations: `SELECT concat_ws(' ', c.relkind, n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity) AS text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')}`,
  columns: `SELECT concat_ws(' ', n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.atthasdef) AS text
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')}`,
  indexes: `SELECT concat_ws(' ', n.nspname, c.relname, i.indrelid::regclass, i.indisunique, i.indisprimary, i.indnkeyatts) AS text
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisvalid AND ${OWN} AND ${notOfExtension('pg_class', 'i.indrelid')}`,
  constraints: `SELECT concat_ws(' ', n.nspname, o.conrelid::regclass, o.contypid::regtype, o.conname, o.contype, o.convalidated) AS text
    FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace
    WHERE o.contype <> 'n' AND ${OWN} AND ${notOfExtension('pg_class', 'o.conrelid')} AND ${notOfExtension('pg_constraint', 'o.oid')}`,
  triggers: `SELECT concat_ws(' ', n.nspname, c.relname, t.tgname, t.tgenabled) AS text
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND ${OWN} AND ${notOfExtension('pg_trigger', 't.oid')}`,
  policies: `SELECT concat_ws(' ', n.nspname, c.relname, p.polname, p.polcmd, p.polpermissive) AS text
    FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${OWN}`,
  functions: `SELECT concat_ws(' ', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid), p.prokind, md5(p.prosrc)) AS text
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${OWN} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  types: `SELECT concat_ws(' ', n.nspname, t.typname, t.typtype, (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)) AS text
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND ${OWN} AND ${notOfExtension('pg_type', 't.oid')}`,
  extensions: `SELECT extname AS text FROM pg_catalog.pg_extension`,
  'large objects': `SELECT oid::text AS text FROM pg_catalog.pg_largeobject_metadata`,
};

/** Where the client is in a transaction, as of that one's snapshot. No table is held in memory, whatever its size. */
export async function contentOf(client: pg.Client, signal: AbortSignal): Promise<Content> {
  const tables: TableContent[] = [];
  for (const table of await tablesOf(client)) {
    signal.throwIfAborted();
    tables.push(await rowsOf(client, table));
  }
  const objects: Record<string, { count: number; digest: string }> = {};
  for (const [kind, sql] of Object.entries(OBJECTS)) {
    const { rows } = await client.query<{ text: string }>(sql);
    const digest = createHash('sha256').update(JSON.stringify(rows.map(({ text }) => text).sort()));
    objects[kind] = { count: rows.length, digest: digest.digest('hex').slice(0, 32) };
  }
  const [server] = (
    await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`)
  ).rows;
  return { version: /^[\d.]+/.exec(server?.version ?? '')?.[0] ?? '', tables, objects };
}

interface Table {
  readonly schema: string;
  readonly name: string;
}

/** Nobody drops or empties one of them while the transaction lasts. */
export async function lockTables(client: pg.Client): Promise<void> {
  const tables = await tablesOf(client);
  if (tables.length > 0)
    await client.query(
      `LOCK TABLE ${tables.map((table) => `ONLY ${quoted(table)}`).join(', ')} IN ACCESS SHARE MODE`,
    );
}

const tablesOf = async (client: pg.Client): Promise<Table[]> => (await client.query<Table>(TABLES)).rows;

/** The sum of a hash of each row: the same in any order, and another one when a row is missing, double or different. */
async function rowsOf(client: pg.Client, table: Table): Promise<TableContent> {
  const [found] = (
    await client.query<{ rows: string; digest: string }>(
      `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(ROW(t.*)::text, 0)::numeric), 0)::text AS digest FROM ONLY ${quoted(table)} AS t`,
    )
  ).rows;
  if (!found) throw new Error('PostgreSQL answered no row');
  return { name: `${table.schema}.${table.name}`, rows: Number(found.rows), digest: found.digest };
}

const quoted = ({ schema, name }: Table): string =>
  `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
