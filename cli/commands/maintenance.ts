import type { App } from '../../api/apps.js';
import { appOption, command, jsonOption } from '../command.js';
import type { Context } from '../context.js';
import { appName } from '../output/output.js';

const show = command({
  name: 'maintenance',
  summary: 'say whether maintenance mode is on',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk maintenance -a myapp'],
  async run(context, { options }) {
    const { maintenance } = await context.client.get<App>(context.appPath(options.app));
    if (options.json) return context.output.json({ maintenance });
    return context.output.line(maintenance ? 'on' : 'off');
  },
});

const on = command({
  name: 'maintenance:on',
  summary: 'answer all requests with a maintenance page; dynos go on',
  args: {},
  options: { app: appOption },
  examples: ['tfk maintenance:on -a myapp'],
  run: (context, { options }) => turned(context, options.app, true),
});

const off = command({
  name: 'maintenance:off',
  summary: 'let requests through again',
  args: {},
  options: { app: appOption },
  examples: ['tfk maintenance:off -a myapp'],
  run: (context, { options }) => turned(context, options.app, false),
});

export const commands = [show, on, off];

async function turned(
  context: Context,
  option: string | undefined,
  maintenance: boolean,
): Promise<undefined> {
  const { client, output } = context;
  const app = context.app(option);
  await output.action(
    `${maintenance ? 'Enabling' : 'Disabling'} maintenance mode for ${appName(output.err, app)}`,
    () => client.patch<App>(context.appPath(option), { maintenance }),
  );
  return undefined;
}
