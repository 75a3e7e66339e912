import type { App } from '../../api/apps.js';
import type { Stack } from '../../api/platform.js';
import { appOption, command, jsonOption, required } from '../command.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

const list = command({
  name: 'stack',
  summary: 'show what an app is built as',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk stack -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const [app, stacks] = await Promise.all([
      client.get<App>(context.appPath(options.app)),
      client.list<Stack>('/stacks'),
    ]);
    if (options.json) return output.json(stacks);
    output.header(`${appName(output.out, app.name)} Available Stacks`);
    return output.lines(
      stacks.map(({ name }) => `${name === app.build_stack.name ? '*' : ' '} ${visible(name)}`),
    );
  },
});

const set = command({
  name: 'stack:set',
  summary: 'build an app from its Dockerfile (container), or never (heroku-24)',
  args: { stack: required('stack', 'container, or heroku-24') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk stack:set container -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = await output.action(`Setting stack to ${visible(args.stack)}`, () =>
      client.patch<App>(context.appPath(options.app), { build_stack: args.stack }),
    );
    if (options.json) return output.json(app);
    return output.progress(
      `You will need to redeploy ${visible(app.name)} for the change to take effect: tfk push`,
    );
  },
});

export const commands = [list, set];
