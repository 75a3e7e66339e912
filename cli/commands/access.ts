import type { Collaborator } from '../../api/collaborators.js';
import { appOption, command, jsonOption, required } from '../command.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { table } from '../output/table.js';

const email = required('email', 'bob@example.com');

const list = command({
  name: 'access',
  summary: 'list who may work on an app',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk access -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const collaborators = await client.list<Collaborator>(`${context.appPath(options.app)}/collaborators`);
    if (options.json) return output.json(collaborators);
    return output.lines(
      table(collaborators, [{ value: ({ user }) => user.email }, { value: ({ role }) => role }]),
    );
  },
});

const add = command({
  name: 'access:add',
  summary: 'let somebody work on an app',
  details: 'They need a token of their own: tfk auth:token --user bob@example.com',
  args: { email },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk access:add bob@example.com -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const added = await output.action(
      `Adding ${visible(args.email)} access to ${appName(output.err, app)}`,
      () => client.post<Collaborator>(`${context.appPath(options.app)}/collaborators`, { user: args.email }),
    );
    return options.json ? output.json(added) : undefined;
  },
});

const remove = command({
  name: 'access:remove',
  summary: 'let somebody work on an app no longer',
  args: { email },
  options: { app: appOption },
  examples: ['tfk access:remove bob@example.com -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    await output.action(`Removing ${visible(args.email)} access from ${appName(output.err, app)}`, () =>
      client.delete(`${context.appPath(options.app)}/collaborators/${encodeURIComponent(args.email)}`),
    );
    return undefined;
  },
});

export const commands = [list, add, remove];
