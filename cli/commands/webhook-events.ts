import type { WebhookEvent } from '../../api/webhook-events.js';
import { appOption, command, jsonOption, required } from '../command.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { table } from '../output/table.js';

const list = command({
  name: 'webhooks:events',
  summary: 'list the changes of which webhooks are told',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk webhooks:events -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const events = await client.list<WebhookEvent>(`${context.appPath(options.app)}/webhook-events`);
    if (options.json) return output.json(events);
    if (events.length === 0) return output.progress(`${appName(output.err, app)} has no events`);
    const lines = table(
      events,
      [
        { header: 'Event ID', value: (event) => event.id },
        { header: 'Resource', value: (event) => event.payload.resource },
        { header: 'Action', value: (event) => event.payload.action },
        { header: 'Published At', value: (event) => event.payload.published_at },
      ],
      output.width,
    );
    return output.lines(lines);
  },
});

const info = command({
  name: 'webhooks:events:info',
  summary: 'show what webhooks are told of a change',
  args: { id: required('id', 'the id of the event') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk webhooks:events:info 01234567-89ab-cdef-0123-456789abcdef -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const path = `${context.appPath(options.app)}/webhook-events/${encodeURIComponent(args.id)}`;
    const event = await client.get<WebhookEvent>(path);
    if (options.json) return output.json(event);
    output.header(visible(event.id));
    return output.json(event.payload);
  },
});

export const commands = [list, info];
