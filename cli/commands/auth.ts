import type { Account } from '../../api/account.js';
import { newToken, tokenOptions } from '../client/tokens.js';
import { command, jsonOption } from '../command.js';
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

export const commands = [token, whoami];
