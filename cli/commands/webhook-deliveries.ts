import type { WebhookDelivery } from '../../api/webhook-deliveries.js';
import type { WebhookEvent } from '../../api/webhook-events.js';
import { appOption, command, jsonOption, required, text } from '../command.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields, table, type Column } from '../output/table.js';

const MOST = 1000;
const id = required('id', 'the id of the delivery');

const COLUMNS: readonly Column<WebhookDelivery>[] = [
  { header: 'Delivery ID', value: (delivery) => delivery.id },
  { header: 'Created', value: (delivery) => delivery.created_at },
  { header: 'Status', value: (delivery) => delivery.status },
  { header: 'Include', value: (delivery) => delivery.event.include },
  { header: 'Level', value: (delivery) => delivery.webhook.level },
  { header: 'Attempts', value: (delivery) => String(delivery.num_attempts) },
  { header: 'Code', value: (delivery) => String(delivery.last_attempt?.code ?? '') },
  { header: 'Error', value: (delivery) => delivery.last_attempt?.error_class ?? '' },
  { header: 'Next Attempt', value: (delivery) => delivery.next_attempt_at ?? '' },
];

const list = command({
  name: 'webhooks:deliveries',
  summary: 'list what was and will be delivered to webhooks',
  args: {},
  options: {
    app: appOption,
    json: jsonOption,
    status: text('-s, --status <status>', 'only pending, scheduled, retrying, failed or succeeded ones'),
  },
  examples: ['tfk webhooks:deliveries --status failed -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const filter = options.status === undefined ? '' : `?eq[status]=${encodeURIComponent(options.status)}`;
    const path = `${context.appPath(options.app)}/webhook-deliveries${filter}`;
    const newest = await client.get<WebhookDelivery[]>(path, { range: `seq ..; order=desc,max=${MOST}` });
    const deliveries = newest.reverse();
    if (options.json) return output.json(deliveries);
    if (deliveries.length === 0) return output.progress(`${appName(output.err, app)} has no deliveries`);
    if (deliveries.length === MOST)
      output.warn(`Only the ${MOST} newest deliveries are shown; --status shows fewer kinds.`);
    return output.lines(table(deliveries, COLUMNS, output.width));
  },
});

const info = command({
  name: 'webhooks:deliveries:info',
  summary: 'show a delivery, and what it tells',
  args: { id },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk webhooks:deliveries:info 01234567-89ab-cdef-0123-456789abcdef -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const appPath = context.appPath(options.app);
    const delivery = await client.get<WebhookDelivery>(deliveryPath(appPath, args.id));
    if (options.json) return output.json(delivery);
    const event = await client.get<WebhookEvent>(
      `${appPath}/webhook-events/${encodeURIComponent(delivery.event.id)}`,
    );
    output.header(visible(delivery.id));
    output.lines(
      fields([
        ['Created', delivery.created_at],
        ['Event', delivery.event.id],
        ['Webhook', delivery.webhook.id],
        ['Status', delivery.status],
        ['Include', delivery.event.include],
        ['Level', delivery.webhook.level],
        ['Attempts', String(delivery.num_attempts)],
        ['Code', String(delivery.last_attempt?.code ?? '')],
        ['Error', delivery.last_attempt?.error_class ?? ''],
        ['Next Attempt', delivery.next_attempt_at ?? ''],
      ]),
    );
    output.line();
    output.header('Event Payload');
    return output.json(event.payload);
  },
});

const retry = command({
  name: 'webhooks:deliveries:retry',
  summary: 'deliver once more, now',
  args: { id },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk webhooks:deliveries:retry 01234567-89ab-cdef-0123-456789abcdef -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const path = `${deliveryPath(context.appPath(options.app), args.id)}/actions/retry`;
    const delivery = await output.action(`Retrying delivery ${visible(args.id)}`, () =>
      client.post<WebhookDelivery>(path),
    );
    if (options.json) return output.json(delivery);
    return output.progress(`See what comes of it: tfk webhooks:deliveries:info ${visible(args.id)}`);
  },
});

const deliveryPath = (appPath: string, delivery: string): string =>
  `${appPath}/webhook-deliveries/${encodeURIComponent(delivery)}`;

export const commands = [list, info, retry];
