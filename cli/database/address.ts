import type { Context } from '../context.js';
import { UserError } from '../errors.js';
import { addressIn } from './config-var.js';

/** A database as libpq's variables name it, so that its password never stands in process arguments. */
export type Address = Readonly<Record<`PG${string}`, string>>;

/** The address of an app's database: `name` is a config var, an attachment or an add-on; DATABASE_URL without one. */
export async function databaseOf(context: Context, app: string, name: string | undefined): Promise<Address> {
  const wanted = { name, usual: 'DATABASE_URL', what: 'database', service: 'postgres' };
  const { key, url, here } = await addressIn(context, app, wanted);
  return {
    ...addressOf(url, key),
    ...(here === null ? {} : { PGHOST: here.host, PGPORT: String(here.port) }),
  };
}

export function addressOf(url: string, key: string): Address {
  // Without a host (a socket's folder stands in ?host=) it is no URL by the web's rules.
  const whole = url.replace(/^(postgres(?:ql)?:\/\/[^/@]*@)(?=\/)/, '$1localhost');
  const parsed = URL.canParse(whole) ? new URL(whole) : null;
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new UserError(`${key} holds no address of a Postgres database.`, {
      hint: 'Type: tfk pg:psql NAME with another config var or add-on.',
    });
  }
  const query = parsed.searchParams;
  const found: Record<string, string> = {
    PGHOST: query.get('host') ?? decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, ''),
    PGPORT: query.get('port') ?? parsed.port,
    PGUSER: decodeURIComponent(parsed.username),
    PGPASSWORD: decodeURIComponent(parsed.password),
    PGDATABASE: decodeURIComponent(parsed.pathname.slice(1)),
    PGSSLMODE: query.get('sslmode') ?? '',
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== ''));
}
