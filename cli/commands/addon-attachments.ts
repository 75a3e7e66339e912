import type { Attachment } from '../../api/attachments.js';
import { followRelease } from '../addons.js';
import { appOption, command, confirmOption, jsonOption, required, text } from '../command.js';
import { pathOfApp } from '../context.js';
import { latestRelease } from '../follow/releases.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

const attach = command({
  name: 'addons:attach',
  summary: "attach another app's add-on to an app",
  args: { addon: required('addon', 'its name') },
  options: {
    app: appOption,
    as: text('--as <name>', 'under this name'),
    confirm: confirmOption,
    json: jsonOption,
  },
  examples: ['tfk addons:attach postgresql-round-12345 --as SHARED -a otherapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const before = await latestRelease(context, app);
    const made = await output.action(
      `Attaching ${visible(args.addon)}${options.as === undefined ? '' : ` as ${visible(options.as)}`} to ${appName(output.err, app)}`,
      () =>
        client.post<Attachment>('/addon-attachments', {
          addon: args.addon,
          app,
          ...(options.as === undefined ? {} : { name: options.as }),
          ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
        }),
      (attached) => `as ${visible(attached.name)}`,
    );
    await followRelease(context, app, before?.version);
    if (options.json) output.json(made);
    return undefined;
  },
});

const detach = command({
  name: 'addons:detach',
  summary: 'detach an add-on from an app; it and its data stay',
  args: { attachment: required('attachment', 'the name under which it is attached, e.g. DATABASE') },
  options: { app: appOption },
  examples: ['tfk addons:detach DATABASE -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const before = await latestRelease(context, app);
    const found = await client.get<Attachment>(
      `${pathOfApp(app)}/addon-attachments/${encodeURIComponent(args.attachment)}`,
    );
    await output.action(
      `Detaching ${visible(found.name)} to ${visible(found.addon.name)} from ${appName(output.err, app)}`,
      () => client.delete(`/addon-attachments/${found.id}`),
    );
    return followRelease(context, app, before?.version);
  },
});

export const commands = [attach, detach];
