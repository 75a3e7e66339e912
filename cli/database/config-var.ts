import type { AddonDetails } from '../../api/addons.js';
import type { ConfigVars } from '../../api/config-vars.js';
import { ApiError } from '../client/errors.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { UserError } from '../errors.js';

export interface Wanted {
  /** A config var, an attachment or an add-on; undefined: `usual`. */
  readonly name: string | undefined;
  /** `DATABASE_URL` */
  readonly usual: string;
  /** For messages: `database`. */
  readonly what: string;
  /** Which makes one: `postgres`. */
  readonly service: string;
}

export interface Found {
  readonly key: string;
  readonly url: string;
  /** Dynos may reach an add-on by a name, or an address, that only containers know; this machine has its own way to it. */
  readonly here: AddonDetails['local_address'];
}

/** The address of a backing service of an app, as the app itself has it. */
export async function addressIn(
  context: Context,
  app: string,
  { name, usual, what, service }: Wanted,
): Promise<Found> {
  const vars = await context.client.get<ConfigVars>(`${pathOfApp(app)}/config-vars`);
  const key = name === undefined ? usual : await configVarOf(context, app, name, vars);
  const url = vars[key];
  if (url === undefined) {
    throw new UserError(`${app} has no ${what}: ${key} is not set.`, {
      hint: `Type: tfk addons:create ${service} -a ${app}`,
    });
  }
  const addon = await detailsOf(context, app, key);
  const isAddons = addon?.config_vars.includes(key) === true;
  return { key, url, here: isAddons ? addon.local_address : null };
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
