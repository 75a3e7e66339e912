import type { AddonService, Plan } from '../../api/addons.js';
import { onNotFound, resolveAddon, showPage, showUrlOption } from '../addons.js';
import { appOption, command, jsonOption, required } from '../command.js';
import type { Context } from '../context.js';
import { table } from '../output/table.js';

const services = command({
  name: 'addons:services',
  summary: 'list the services that add-ons are made of',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk addons:services'],
  async run({ client, output }, { options }) {
    const found = await client.list<AddonService>('/addon-services');
    if (options.json) return output.json(found);
    const columns = [
      { header: 'Slug', value: (item: AddonService) => item.name },
      { header: 'Name', value: (item: AddonService) => item.human_name, shrinks: true },
      { header: 'State', value: (item: AddonService) => item.state },
    ];
    return output.lines(table(found, columns, output.width));
  },
});

const plans = command({
  name: 'addons:plans',
  summary: 'list the plans of a service',
  args: { service: required('service', 'postgres') },
  options: { json: jsonOption },
  examples: ['tfk addons:plans postgres'],
  async run({ client, output }, { args, options }) {
    const found = await client.list<Plan>(`/addon-services/${encodeURIComponent(args.service)}/plans`);
    if (options.json) return output.json(found);
    const columns = [
      { value: (item: Plan) => (item.default ? 'default' : '') },
      { header: 'Slug', value: (item: Plan) => item.name },
      { header: 'Name', value: (item: Plan) => item.human_name },
      { header: 'What it is', value: (item: Plan) => item.description, shrinks: true },
    ];
    return output.lines(table(found, columns, output.width));
  },
});

const docs = command({
  name: 'addons:docs',
  summary: "open Heroku's documentation of an add-on in the browser",
  args: { addon: required('service', 'a service, or an add-on of the app') },
  options: { app: appOption, 'show-url': showUrlOption, json: jsonOption },
  examples: ['tfk addons:docs postgres --show-url'],
  async run(context, { args, options }) {
    const [id = ''] = args.addon.split(':');
    const service = await serviceNamed(context, id);
    const { name } = service ?? (await resolveAddon(context, id, context.app(options.app))).addon_service;
    if (options.json) return context.output.json({ url: docsOf(name) });
    return showPage(context, docsOf(name), options['show-url']);
  },
});

export const commands = [services, plans, docs];

const docsOf = (service: string): string => `https://devcenter.heroku.com/articles/${service}`;

async function serviceNamed({ client }: Context, name: string): Promise<AddonService | null> {
  return client
    .get<AddonService>(`/addon-services/${encodeURIComponent(name)}`)
    .catch((error: unknown) => onNotFound(error, null));
}
