import type { Account } from '../../api/account.js';
import type { Login } from '../../api/logins.js';
import { newToken, tokenOptions } from '../client/tokens.js';
import { command, jsonOption, required } from '../command.js';
import { visible } from '../output/sanitise.js';

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
  options: { json: jsonOption },
  examples: ['tfk auth:approve WDJB-MJHT'],
  async run({ client, output }, { args, options }) {
    const path = `/tfk/logins/${encodeURIComponent(args.code)}/actions/approve`;
    const login = await client.post<Login>(path);
    if (options.json) return output.json(login);
    output.progress(`Approved: ${visible(login.description)}.`);
    return output.progress('Not you? Revoke its token: tfk authorizations');
  },
});

export const commands = [token, approve, whoami];
