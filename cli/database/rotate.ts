import type { AddonDetails } from '../../api/addons.js';
import type { App } from '../../api/apps.js';
import { followRelease, resolveAddon } from '../addons.js';
import { confirmLoss } from '../confirm.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { latestRelease } from '../follow/releases.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

/** What happens, for the help of a command that rotates. */
export const ROTATION =
  'Apps get them by a release. The former ones are valid until the last dyno that has them has ended, so that no request fails, and then end with the connections made by them.';

export interface RotationWish {
  readonly app: string;
  /** An attachment or add-on. */
  readonly name: string;
  readonly confirm: string | undefined;
  /** The command itself: `pg:credentials:rotate`. */
  readonly command: string;
  /** For messages: `database`. */
  readonly what: string;
  readonly json: boolean;
}

/** Gives an add-on new credentials, and follows the release that brings them to the app. */
export async function rotateCredentials(context: Context, wish: RotationWish): Promise<number | undefined> {
  const { client, output } = context;
  const { app, what, command } = wish;
  const addon = await resolveAddon(context, wish.name.replace(/_URL$/, ''), app);
  const { name } = await client.get<App>(pathOfApp(app));
  await confirmLoss(context, wish.confirm, {
    name,
    lost: [`The credentials of ${addon.name} end: whoever has them besides the apps loses the ${what}.`],
    command: `tfk ${command} ${addon.name} -a ${name} --confirm ${name}`,
  });
  const before = await latestRelease(context, app);
  const path = `${tfkPathOfApp(app)}/addons/${encodeURIComponent(addon.id)}`;
  await output.action(
    `Rotating the credentials of ${visible(addon.name)} on ${appName(output.err, name)}`,
    () => client.post(`${path}/actions/rotate-credentials`, {}, { silence: 0 }),
  );
  await followRelease(context, app, before?.version);
  const rotated = await client.get<AddonDetails>(path);
  if (wish.json) return output.json(rotated);
  const still = rotated.facts.find(([label]) => label === 'Credentials')?.[1];
  output.progress(
    still === undefined ? 'The former credentials have ended.' : `Credentials: ${visible(still)}.`,
  );
  return undefined;
}
