import type { AppFeature } from '../../api/app-features.js';
import { appOption, command, jsonOption, required } from '../command.js';
import type { Context } from '../context.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

/** What a user has to know of it before he turns it on or off. */
const PREBOOT =
  'preboot (on, unless you turn it off): new web dynos start and get ready before the old ones stop, so no request is lost, ' +
  'and two versions run side by side for a while. Without it the old ones stop first: never two versions at once, but requests ' +
  'wait until a new one is ready, and a release that cannot boot takes the app down.';

const feature = required('feature', 'its name: preboot');

const list = command({
  name: 'features',
  summary: 'list what of an app can be turned on and off',
  details: PREBOOT,
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk features -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const features = await client.list<AppFeature>(`${context.appPath(options.app)}/features`);
    if (options.json) return output.json(features);
    const width = Math.max(...features.map(({ name }) => name.length));
    output.header(`App Features ${appName(output.out, context.app(options.app))}`);
    return output.lines(
      features.map(({ name, enabled, description }) => {
        const state = `${enabled ? '[+]' : '[ ]'} ${visible(name).padEnd(width)}`;
        return `${enabled ? output.out.in('green', state) : state}  ${visible(description)}`;
      }),
    );
  },
});

const info = command({
  name: 'features:info',
  summary: 'show a feature of an app, and whether it is on',
  args: { feature },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk features:info preboot -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const found = await client.get<AppFeature>(pathOf(context, options.app, args.feature));
    if (options.json) return output.json(found);
    output.header(visible(found.name));
    return output.lines([
      `Description: ${visible(found.description)}`,
      `Docs:        ${visible(found.doc_url)}`,
      `Enabled:     ${found.enabled}`,
    ]);
  },
});

const enable = command({
  name: 'features:enable',
  summary: 'turn a feature of an app on',
  details: PREBOOT,
  args: { feature },
  options: { app: appOption },
  examples: ['tfk features:enable preboot -a myapp'],
  run: (context, { args, options }) => turned(context, options.app, args.feature, true),
});

const disable = command({
  name: 'features:disable',
  summary: 'turn a feature of an app off',
  details: PREBOOT,
  args: { feature },
  options: { app: appOption },
  examples: ['tfk features:disable preboot -a myapp'],
  run: (context, { args, options }) => turned(context, options.app, args.feature, false),
});

export const commands = [list, info, enable, disable];

const pathOf = (context: Context, app: string | undefined, name: string): string =>
  `${context.appPath(app)}/features/${encodeURIComponent(name)}`;

async function turned(
  context: Context,
  option: string | undefined,
  name: string,
  enabled: boolean,
): Promise<undefined> {
  const { client, output } = context;
  const app = appName(output.err, context.app(option));
  await output.action(`${enabled ? 'Enabling' : 'Disabling'} ${visible(name)} for ${app}`, () =>
    client.patch<AppFeature>(pathOf(context, option, name), { enabled }),
  );
  return undefined;
}
