import type { AddonDetails } from '../../api/addons.js';
import type { ConfigVars } from '../../api/config-vars.js';
import { ApiError } from '../client/errors.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { UserError } from '../errors.js';

/** A database as libpq's variables name it, so that its password never stands in process arguments. */
export type Address = Readonly<Record<`PG${string}`, string>>;

/** The address of an app's database: `name` is a config var, an attachment or an add-on; DATABASE_URL without one. */
export async function databaseOf(context: Context, app: string, name: string | undefined): Promise<Address> {
  const vars = await context.client.get<ConfigVars>(`${pathOfApp(app)}/config-vars`);
  const key = name === undefined ? 'DATABASE_URL' : await configVarOf(context, app, name, vars);
  const url = vars[key];
  if (url === undefined) {
    throw new UserError(`${app} has no database: ${key} is not set.`, {
      hint: `Type: tfk addons:create postgres -a ${app}`,
    });
  }
  return { ...addressOf(url, key), ...(await addressHere(context, app, key)) };
}

/** Dynos may reach an add-on by a name, or an address, that only containers know; this machine has its own way to it. */
async function addressHere(context: Context, app: string, key: string): Promise<Address> {
  const addon = await detailsOf(context, app, key);
  if (addon?.local_address == null || !addon.config_vars.includes(key)) return {};
  return { PGHOST: addon.local_address.host, PGPORT: String(addon.local_address.port) };
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

async function configVarOf(context: Context, app: string, name: string, vars: ConfigVars): Promise<string> {
  const candidates = [name, name.toUpperCase(), `${name.toUpperCase()}_URL`];
  const direct = candidates.find((candidate) => candidate in vars);
  if (direct !== undefined) return direct;
  return (await detailsOf(context, app, name))?.config_vars[0] ?? name;
}

/** Null: the app has no such add-on. */
async function detailsOf(context: Context, app: string, name: string): Promise<AddonDetails | null> {
  try {
    return await context.client.get<AddonDetails>(`${tfkPathOfApp(app)}/addons/${encodeURIComponent(name)}`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
