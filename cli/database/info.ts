import type { Addon, AddonDetails } from '../../api/addons.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { UserError } from '../errors.js';
import { visible } from '../output/sanitise.js';
import { fields } from '../output/table.js';

export interface Kind {
  readonly app: string;
  /** As the API calls it: `heroku-postgresql`. */
  readonly herokuName: string;
  /** For messages: `Postgres`. */
  readonly what: string;
  /** Which makes one: `postgres`. */
  readonly service: string;
  readonly json: boolean;
}

/** Shows the app's add-ons of one service, with all that they tell of themselves. */
export async function showAddonsOf(
  { client, output }: Context,
  { app, herokuName, what, service, json }: Kind,
): Promise<number | undefined> {
  const addons = await client.list<Addon>(`${pathOfApp(app)}/addons`);
  const found = await Promise.all(
    addons
      .filter(({ addon_service }) => addon_service.name === herokuName)
      .map(({ id }) => client.get<AddonDetails>(`${tfkPathOfApp(app)}/addons/${id}`)),
  );
  if (json) return output.json(found);
  if (found.length === 0)
    throw new UserError(`${app} has no ${what} add-on.`, {
      hint: `Type: tfk addons:create ${service} -a ${app}`,
    });
  for (const addon of found) {
    output.header(addon.config_vars.map(visible).join(', '));
    output.lines(fields([...addon.facts, ['Add-on', addon.name]]));
    output.line();
  }
  return undefined;
}
