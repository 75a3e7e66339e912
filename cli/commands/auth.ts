import type { Account } from '../../api/account.js';
import type { Login } from '../../api/logins.js';
import { newToken, tokenOptions } from '../client/tokens.js';
import { command, flag, jsonOption, required } from '../command.js';
import { ask } from '../confirm.js';
import type { Context } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { visible } from '../output/sanitise.js';
import { ago } from '../output/time.js';

const token = command({
  name: 'auth:token',
  summary: 'make a token for the API over TCP, and print it',
  details: 'It is shown this once only. Use: export TFK_URL=http://127.0.0.1:4270 TFK_TOKEN=…',
  args: {},
  options: {
    ...tokenOptions,
    json: jsonOption,
  },
  examples: ['export HEROKU_API_KEY=$(tfk auth:token)'],
  async run({ client, output }, { options }) {
    const made = await newToken(client, options);
    if (options.json) return output.json(made);
    return output.line(made.access_token?.token ?? '');
  },
});

const whoami = command({
  name: 'auth:whoami',
  summary: 'print the account that this tfkd belongs to',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk auth:whoami'],
  async run({ client, output }, { options }) {
    const account = await client.get<Account>('/account');
    if (options.json) return output.json(account);
    return output.line(visible(account.email));
  },
});

const approve = command({
  name: 'auth:approve',
  summary: 'say yes to a login by a browser (heroku login)',
  details:
    'The client gets a token of yours, good for 30 days. Approve a code only where you typed `heroku login` yourself.',
  args: { code: required('code', 'as the page in the browser shows it') },
  options: { yes: flag('-y, --yes', 'without being asked'), json: jsonOption },
  examples: ['tfk auth:approve WDJB-MJHT'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const path = `/tfk/logins/${encodeURIComponent(args.code)}`;
    const waiting = await client.get<Login>(path);
    if (!options.yes) await askWhetherItIsMine(context, waiting);
    const login = await client.post<Login>(`${path}/actions/approve`);
    if (options.json) return output.json(login);
    output.progress(`Approved: ${visible(login.description)}.`);
    return output.progress('Not you? Revoke its token: tfk authorizations');
  },
});

export const commands = [token, approve, whoami];

/** Whoever reaches the port can begin a login, and send its code to somebody. */
async function askWhetherItIsMine(context: Context, login: Login): Promise<void> {
  const { output, stdin } = context;
  output.warn(
    `"${visible(login.description)}" asks for a token of yours; it was begun ${ago(login.created_at, context.now())}.`,
  );
  if (!stdin.isTTY)
    throw new UsageError(
      'This must be confirmed: nothing was approved.',
      `Type: tfk auth:approve ${login.code} --yes`,
    );
  const answer = await ask(context, 'Did you type `heroku login` yourself, just now? [y/N] ');
  if (!/^y(es)?$/i.test(answer))
    throw new UserError('Nothing was approved.', { hint: 'The login ends by itself.' });
}
