import type { Webhook } from '../../api/webhooks.js';
import type { Reply } from '../client/client.js';
import { appOption, command, jsonOption, required, text } from '../command.js';
import { UsageError } from '../errors.js';
import { appName, type Output } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields, table } from '../output/table.js';

const id = required('id', 'the id of the webhook');
/** What a webhook is, as Heroku's CLI spells it. */
const settings = {
  include: text('-i, --include <kinds>', 'of what it is told, with commas: api:release,api:build'),
  level: text('-l, --level <level>', 'notify is tried once, sync until it succeeds, for three days'),
  secret: text('-s, --secret <value>', 'key of the signature; else a random one'),
  authorization: text('-t, --authorization <value>', 'the Authorization header of each delivery'),
  url: text('-u, --url <url>', 'where it is delivered'),
};

const list = command({
  name: 'webhooks',
  summary: 'list the webhooks of an app',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk webhooks -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const webhooks = await client.list<Webhook>(`${context.appPath(options.app)}/webhooks`);
    if (options.json) return output.json(webhooks);
    if (webhooks.length === 0)
      return output.progress(`${appName(output.err, app)} has no webhooks\nUse tfk webhooks:add to add one.`);
    const lines = table(
      webhooks,
      [
        { header: 'Webhook ID', value: (webhook) => webhook.id },
        { header: 'URL', value: (webhook) => webhook.url, shrinks: true },
        { header: 'Include', value: (webhook) => webhook.include.join(','), shrinks: true },
        { header: 'Level', value: (webhook) => webhook.level },
      ],
      output.width,
    );
    return output.lines(lines);
  },
});

const add = command({
  name: 'webhooks:add',
  summary: 'tell an address of changes to an app',
  details:
    'Each change is posted to the url as JSON. The header Heroku-Webhook-Hmac-SHA256 signs the body with the secret, which is shown once, now.',
  args: {},
  options: { ...settings, app: appOption, json: jsonOption },
  examples: ['tfk webhooks:add -i api:release -l sync -u https://example.com/hooks -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const { include, level, secret, authorization, url } = options;
    if (include === undefined || level === undefined || url === undefined)
      throw new UsageError(
        'A webhook needs --include, --level and --url.',
        'Type: tfk webhooks:add -i api:release -l sync -u https://example.com/hooks',
      );
    const app = context.app(options.app);
    const reply = await output.action(`Adding webhook to ${appName(output.err, app)}`, () =>
      client.request<Webhook>('POST', `${context.appPath(options.app)}/webhooks`, {
        body: { include: kindsOf(include), level, secret, authorization, url },
      }),
    );
    if (options.json) return output.json(withSecret(reply));
    return showSecret(output, reply);
  },
});

const info = command({
  name: 'webhooks:info',
  summary: 'show a webhook',
  args: { id },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk webhooks:info 01234567-89ab-cdef-0123-456789abcdef -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const webhook = await client.get<Webhook>(webhookPath(context.appPath(options.app), args.id));
    if (options.json) return output.json(webhook);
    output.header(visible(webhook.id));
    return output.lines(
      fields([
        ['Webhook ID', webhook.id],
        ['URL', webhook.url],
        ['Include', webhook.include.join(',')],
        ['Level', webhook.level],
      ]),
    );
  },
});

const update = command({
  name: 'webhooks:update',
  summary: 'change a webhook',
  args: { id },
  options: { ...settings, app: appOption, json: jsonOption },
  examples: ['tfk webhooks:update 01234567-89ab-cdef-0123-456789abcdef -l notify -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const { include, level, secret, authorization, url } = options;
    const change = { include: include && kindsOf(include), level, secret, authorization, url };
    if (Object.values(change).every((value) => value === undefined))
      throw new UsageError('There is nothing to change.', `Type: tfk webhooks:update ${args.id} -l notify`);
    const app = context.app(options.app);
    const reply = await output.action(
      `Updating webhook ${visible(args.id)} for ${appName(output.err, app)}`,
      () =>
        client.request<Webhook>('PATCH', webhookPath(context.appPath(options.app), args.id), {
          body: change,
        }),
    );
    return options.json ? output.json(reply.body) : undefined;
  },
});

const remove = command({
  name: 'webhooks:remove',
  summary: 'tell an address no more of changes to an app',
  args: { id },
  options: { app: appOption },
  examples: ['tfk webhooks:remove 01234567-89ab-cdef-0123-456789abcdef -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    await output.action(`Removing webhook ${visible(args.id)} from ${appName(output.err, app)}`, () =>
      client.delete(webhookPath(context.appPath(options.app), args.id)),
    );
    return undefined;
  },
});

const webhookPath = (appPath: string, webhook: string): string =>
  `${appPath}/webhooks/${encodeURIComponent(webhook)}`;

const kindsOf = (include: string): string[] => include.split(',').map((kind) => kind.trim());

const secretOf = ({ headers }: Reply<unknown>): string | null => {
  const secret = headers['heroku-webhook-secret'];
  return typeof secret === 'string' ? secret : null;
};

/** JSON has it too, since it is shown only now. */
const withSecret = (reply: Reply<Webhook>): object => ({ ...reply.body, secret: secretOf(reply) });

function showSecret(output: Output, reply: Reply<Webhook>): number {
  const secret = secretOf(reply);
  if (secret === null) return 0;
  output.header('Webhooks Signing Secret');
  return output.line(visible(secret));
}

export const commands = [list, add, info, update, remove];
