import type { App } from '../../api/apps.js';
import type { Domain } from '../../api/domains.js';
import { appOption, command, confirmOption, jsonOption } from '../command.js';
import { confirmLoss } from '../confirm.js';
import { appName } from '../output/output.js';
import { table } from '../output/table.js';

const show = command({
  name: 'certs:auto',
  summary: 'show how the automatic certificates of an app stand',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk certs:auto -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const path = context.appPath(options.app);
    const { acm, name } = await client.get<App>(path);
    const domains = (await client.list<Domain>(`${path}/domains`)).filter(({ kind }) => kind === 'custom');
    if (options.json)
      return output.json({
        acm,
        domains: domains.map(({ hostname, acm_status, acm_status_reason }) => ({
          hostname,
          acm_status,
          acm_status_reason,
        })),
      });
    output.header(
      `Automatic Certificate Management is ${acm ? 'enabled' : 'disabled'} on ${appName(output.out, name)}`,
    );
    if (!acm) return output.progress(`Use tfk certs:auto:enable -a ${name} to enable it.`);
    if (domains.length === 0) return output.progress('Use tfk domains:add to add a domain.');
    const lines = table(
      domains,
      [
        { header: 'Domain', value: ({ hostname }) => hostname },
        { header: 'Status', value: ({ acm_status }) => acm_status ?? '' },
        { header: 'Reason', value: ({ acm_status_reason }) => acm_status_reason ?? '' },
      ],
      output.width,
    );
    return output.lines(lines);
  },
});

const enable = command({
  name: 'certs:auto:enable',
  summary: 'make and renew the certificates of an app by itself',
  details:
    "They are signed by this machine's own authority, for names below .test. Browsers trust it after tfk certs:trust.",
  args: {},
  options: { app: appOption },
  examples: ['tfk certs:auto:enable -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    await output.action(`Enabling Automatic Certificate Management on ${appName(output.err, app)}`, () =>
      client.post<App>(`${context.appPath(options.app)}/acm`, {}),
    );
    return output.progress(
      "Signed by this machine's own authority, which browsers trust after: tfk certs:trust",
    );
  },
});

const disable = command({
  name: 'certs:auto:disable',
  summary: 'no longer make the certificates of an app by itself',
  args: {},
  options: { confirm: confirmOption, app: appOption },
  examples: ['tfk certs:auto:disable -a myapp --confirm myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    await confirmLoss(context, options.confirm, {
      name: app,
      lost: [`This takes the automatic certificates from ${app}: its domains go without until you add some.`],
      command: `tfk certs:auto:disable -a ${app} --confirm ${app}`,
    });
    await output.action(`Disabling Automatic Certificate Management on ${appName(output.err, app)}`, () =>
      client.delete(`${context.appPath(options.app)}/acm`),
    );
    return undefined;
  },
});

export const commands = [show, enable, disable];
