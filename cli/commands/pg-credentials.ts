import type { AddonDetails } from '../../api/addons.js';
import type { App } from '../../api/apps.js';
import { followRelease, resolveAddon } from '../addons.js';
import { appOption, command, confirmOption, optional } from '../command.js';
import { confirmLoss } from '../confirm.js';
import { pathOfApp, tfkPathOfApp } from '../context.js';
import { latestRelease } from '../follow/releases.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

const rotate = command({
  name: 'pg:credentials:rotate',
  summary: 'give a database new credentials',
  details:
    'Apps get them by a release. The former ones are valid until the last dyno that has them has ended, so that no request fails, and then end with the connections made by them.',
  args: { database: optional('database', 'an attachment or add-on; else DATABASE') },
  options: { app: appOption, confirm: confirmOption },
  examples: ['tfk pg:credentials:rotate -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app ?? options.confirm);
    const addon = await resolveAddon(context, (args.database ?? 'DATABASE').replace(/_URL$/, ''), app);
    const { name } = await client.get<App>(pathOfApp(app));
    await confirmLoss(context, options.confirm, {
      name,
      lost: [`The credentials of ${addon.name} end: whoever has them besides the apps loses the database.`],
      command: `tfk pg:credentials:rotate ${addon.name} -a ${name} --confirm ${name}`,
    });
    const before = await latestRelease(context, app);
    const path = `${tfkPathOfApp(app)}/addons/${encodeURIComponent(addon.id)}`;
    await output.action(
      `Rotating the credentials of ${visible(addon.name)} on ${appName(output.err, name)}`,
      () => client.post(`${path}/actions/rotate-credentials`, {}, { silence: 0 }),
    );
    await followRelease(context, app, before?.version);
    const { facts } = await client.get<AddonDetails>(path);
    const still = facts.find(([label]) => label === 'Credentials')?.[1];
    output.progress(
      still === undefined ? 'The former credentials have ended.' : `Credentials: ${visible(still)}.`,
    );
    return undefined;
  },
});

export const commands = [rotate];
