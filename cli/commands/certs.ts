import { readFile } from 'node:fs/promises';
import type { Authority } from '../../api/authority.js';
import type { SniEndpoint, WriteSniEndpoint } from '../../api/sni-endpoints.js';
import { appOption, command, confirmOption, flag, jsonOption, required, text } from '../command.js';
import { confirmLoss } from '../confirm.js';
import type { Context } from '../context.js';
import { codeOf, UsageError, UserError } from '../errors.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields, table } from '../output/table.js';

const files = {
  crt: required('crt', 'PEM file of the certificate, then those that signed it'),
  key: required('key', 'PEM file of its private key'),
};
const nameOption = text('--name <name>', 'the certificate, by its name; needless when there is only one');

const list = command({
  name: 'certs',
  summary: 'list the certificates of an app',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk certs -a myapp'],
  async run(context, { options }) {
    const { output } = context;
    const endpoints = await endpointsOf(context, options.app);
    if (options.json) return output.json(endpoints);
    if (endpoints.length === 0)
      return output.progress(
        `${appName(output.err, context.app(options.app))} has no certificates.\nUse tfk certs:add CRT KEY to add one.`,
      );
    const lines = table(
      endpoints,
      [
        { header: 'Name', value: ({ name }) => name },
        {
          header: 'Common Name(s)',
          value: ({ ssl_cert }) => ssl_cert.cert_domains.join(', '),
          shrinks: true,
        },
        { header: 'Expires', value: ({ ssl_cert }) => ssl_cert.expires_at },
        { header: 'Trusted', value: trustOf },
        { header: 'Type', value: ({ ssl_cert }) => (ssl_cert.acm ? 'ACM' : 'SNI') },
      ],
      output.width,
    );
    return output.lines(lines);
  },
});

const add = command({
  name: 'certs:add',
  summary: 'add a certificate for domains of an app',
  args: files,
  options: { app: appOption, json: jsonOption },
  examples: ['tfk certs:add example.crt example.key -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const body = await pemsOf(args);
    const endpoint = await output.action(
      `Adding SSL certificate to ${appName(output.err, context.app(options.app))}`,
      () => client.post<SniEndpoint>(`${context.appPath(options.app)}/sni-endpoints`, body),
      ({ name }) => visible(name),
    );
    return options.json ? output.json(endpoint) : show(context, endpoint);
  },
});

const info = command({
  name: 'certs:info',
  summary: 'show a certificate',
  args: {},
  options: { name: nameOption, app: appOption, json: jsonOption },
  examples: ['tfk certs:info --name tyrannosaurus-12345 -a myapp'],
  async run(context, { options }) {
    const endpoint = await endpointNamed(context, options);
    return options.json ? context.output.json(endpoint) : show(context, endpoint);
  },
});

const update = command({
  name: 'certs:update',
  summary: 'put another certificate and key in the place of one',
  args: files,
  options: { name: nameOption, confirm: confirmOption, app: appOption, json: jsonOption },
  examples: ['tfk certs:update new.crt new.key --name tyrannosaurus-12345 --confirm myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const body = await pemsOf(args);
    const { name, id } = await endpointNamed(context, options);
    await confirmLoss(context, options.confirm, {
      name: app,
      lost: [`This replaces the certificate and the key of ${name} on ${app}.`],
      command: `tfk certs:update ${args.crt} ${args.key} --name ${name} -a ${app} --confirm ${app}`,
    });
    const endpoint = await output.action(
      `Updating SSL certificate ${visible(name)} for ${appName(output.err, app)}`,
      () => client.patch<SniEndpoint>(endpointPath(context.appPath(options.app), id), body),
    );
    return options.json ? output.json(endpoint) : show(context, endpoint);
  },
});

const remove = command({
  name: 'certs:remove',
  summary: 'remove a certificate from an app',
  args: {},
  options: { name: nameOption, confirm: confirmOption, app: appOption },
  examples: ['tfk certs:remove --name tyrannosaurus-12345 --confirm myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const { name, id } = await endpointNamed(context, options);
    await confirmLoss(context, options.confirm, {
      name: app,
      lost: [`This removes ${name} with its key from ${app}.`],
      command: `tfk certs:remove --name ${name} -a ${app} --confirm ${app}`,
    });
    await output.action(`Removing SSL certificate ${visible(name)} from ${appName(output.err, app)}`, () =>
      client.delete(endpointPath(context.appPath(options.app), id)),
    );
    return undefined;
  },
});

const ca = command({
  name: 'certs:ca',
  summary: "print the certificate of tfk's local authority, for clients to trust",
  details:
    'Made on first use, and limited to names of this machine: localhost and test with all below them, 127.0.0.0/8, ::1.',
  args: {},
  options: { path: flag('--path', 'print where it is on disk'), json: jsonOption },
  examples: ['export NODE_EXTRA_CA_CERTS=$(tfk certs:ca --path)', 'tfk certs:ca > ca.crt'],
  async run({ client, output }, { options }) {
    const authority = await client.get<Authority>('/tfk/authority');
    if (options.json) return output.json(authority);
    return output.line(options.path ? authority.path : authority.certificate.trimEnd());
  },
});

const endpointPath = (appPath: string, id: string): string =>
  `${appPath}/sni-endpoints/${encodeURIComponent(id)}`;

const endpointsOf = (context: Context, app: string | undefined) =>
  context.client.list<SniEndpoint>(`${context.appPath(app)}/sni-endpoints`);

/** The one of that name, or the only one of the app. */
async function endpointNamed(
  context: Context,
  { name, app }: { readonly name: string | undefined; readonly app: string | undefined },
): Promise<SniEndpoint> {
  if (name !== undefined) return context.client.get<SniEndpoint>(endpointPath(context.appPath(app), name));
  const endpoints = await endpointsOf(context, app);
  const [only] = endpoints;
  if (!only)
    throw new UserError(`${context.app(app)} has no certificates.`, { hint: 'Type: tfk certs:add CRT KEY' });
  if (endpoints.length > 1)
    throw new UsageError(
      `${context.app(app)} has ${String(endpoints.length)} certificates: say which by --name.`,
      `List them: tfk certs -a ${context.app(app)}`,
    );
  return only;
}

async function pemsOf({
  crt,
  key,
}: {
  readonly crt: string;
  readonly key: string;
}): Promise<WriteSniEndpoint> {
  return { certificate_chain: await contentOf(crt), private_key: await contentOf(key) };
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = codeOf(error) ?? 'unknown';
    throw new UserError(`${file} cannot be read (${why}): nothing was done.`, { cause: error });
  }
}

const trustOf = ({ ssl_cert }: SniEndpoint): string => {
  if (ssl_cert['self_signed?']) return 'self-signed';
  return ssl_cert['ca_signed?'] ? 'True' : 'False';
};

function show({ output }: Context, endpoint: SniEndpoint): number {
  const { ssl_cert: cert } = endpoint;
  output.header(visible(endpoint.name));
  return output.lines(
    fields([
      ['Common Name(s)', cert.cert_domains],
      ['Expires At', cert.expires_at],
      ['Issuer', cert.issuer],
      ['Starts At', cert.starts_at],
      ['Subject', cert.subject],
      ['Trusted', trustOf(endpoint)],
    ]),
  );
}

export const commands = [list, add, info, update, remove, ca];
