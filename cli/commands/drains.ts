import type { LogDrain, LogDrainProgress } from '../../api/log-drains.js';
import { appOption, command, jsonOption, required } from '../command.js';
import { tfkPathOfApp } from '../context.js';
import { drainFacts, withoutSecrets } from '../output/drains.js';

const list = command({
  name: 'drains',
  summary: 'list the log drains of an app, and how they fare',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk drains -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const drains = await client.list<LogDrainProgress>(`${tfkPathOfApp(app)}/log-drains`);
    if (options.json) return output.json(drains);
    if (drains.length === 0)
      return output.progress('No log drains. Type: tfk drains:add syslog+tls://logs.example.com:6514');
    output.header('Drains');
    return output.lines(drains.flatMap((drain) => drainFacts(drain, output.out, context.now())));
  },
});

const url = required('url', 'syslog+tls://logs.example.com:6514, syslog://… or https://user:password@…');

const add = command({
  name: 'drains:add',
  summary: 'send all log lines of an app to a receiver, from now on',
  args: { url },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk drains:add syslog+tls://logs.example.com:6514 -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const path = `${context.appPath(options.app)}/log-drains`;
    const drain = await client.post<LogDrain>(path, { url: args.url });
    if (options.json) return output.json(drain);
    return output.line(`Successfully added drain ${withoutSecrets(drain.url)}`);
  },
});

const remove = command({
  name: 'drains:remove',
  summary: 'no longer send log lines to a receiver',
  args: { drain: required('url|token', "the drain's URL, as tfk drains shows it too, its token, or its id") },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk drains:remove syslog+tls://logs.example.com:6514 -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const path = `${context.appPath(options.app)}/log-drains/${encodeURIComponent(args.drain)}`;
    const drain = await client.delete<LogDrain>(path);
    if (options.json) return output.json(drain);
    return output.line(`Successfully removed drain ${withoutSecrets(args.drain)}`);
  },
});

export const commands = [list, add, remove];
