import type { Authorization } from '../../api/authorizations.js';
import { newToken, tokenOptions } from '../client/tokens.js';
import { command, jsonOption, required, text } from '../command.js';
import { visible } from '../output/sanitise.js';
import { fields, table } from '../output/table.js';

const id = required('id', 'as tfk authorizations lists it');
const pathOf = (authorization: string): string =>
  `/oauth/authorizations/${encodeURIComponent(authorization)}`;

const list = command({
  name: 'authorizations',
  summary: 'list the tokens for the API, without their text',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk authorizations'],
  async run({ client, output }, { options }) {
    const tokens = await client.list<Authorization>('/oauth/authorizations');
    if (options.json) return output.json(tokens);
    if (tokens.length === 0) return output.line('No OAuth authorizations.');
    return output.lines(
      table(tokens, [
        { value: ({ description }) => description, shrinks: true },
        { value: (token) => token.id },
        { value: ({ scope }) => scope.join(',') },
        { value: ({ user }) => user.email },
      ]),
    );
  },
});

const create = command({
  name: 'authorizations:create',
  summary: 'make a token for the API, and show it this once',
  args: {},
  options: { ...tokenOptions, json: jsonOption },
  examples: ['tfk authorizations:create -d CI -s read,write'],
  async run({ client, output }, { options }) {
    const made = await newToken(client, options);
    return options.json ? output.json(made) : output.lines(facts(made));
  },
});

const info = command({
  name: 'authorizations:info',
  summary: 'show what a token is for',
  args: { id },
  options: { json: jsonOption },
  examples: ['tfk authorizations:info 01234567-89ab-cdef-0123-456789abcdef'],
  async run({ client, output }, { args, options }) {
    const found = await client.get<Authorization>(pathOf(args.id));
    return options.json ? output.json(found) : output.lines(facts(found));
  },
});

const update = command({
  name: 'authorizations:update',
  summary: 'describe a token anew',
  args: { id },
  options: { description: text('-d, --description <text>', 'what it is for'), json: jsonOption },
  examples: ['tfk authorizations:update 01234567-89ab-cdef-0123-456789abcdef -d Nightly'],
  async run({ client, output }, { args, options }) {
    const { description } = options;
    const updated = await client.patch<Authorization>(pathOf(args.id), { description });
    return options.json ? output.json(updated) : output.lines(facts(updated));
  },
});

const rotate = command({
  name: 'authorizations:rotate',
  summary: "replace a token's text: the old one is good no longer",
  args: { id },
  options: { json: jsonOption },
  examples: ['tfk authorizations:rotate 01234567-89ab-cdef-0123-456789abcdef'],
  async run({ client, output }, { args, options }) {
    const renewed = await client.post<Authorization>(`${pathOf(args.id)}/actions/regenerate-tokens`);
    return options.json ? output.json(renewed) : output.lines(facts(renewed));
  },
});

const revoke = command({
  name: 'authorizations:revoke',
  summary: 'revoke a token',
  args: { id },
  options: { json: jsonOption },
  examples: ['tfk authorizations:revoke 01234567-89ab-cdef-0123-456789abcdef'],
  async run({ client, output }, { args, options }) {
    const revoked = await client.delete<Authorization>(pathOf(args.id));
    if (options.json) return output.json(revoked);
    output.progress(`Revoked authorization ${visible(revoked.description)}.`);
    return undefined;
  },
});

function facts({ id: authorization, description, scope, access_token, user }: Authorization): string[] {
  const token = access_token?.token ?? '';
  const left = access_token?.expires_in;
  const known: [string, string][] = [
    ['ID', authorization],
    ['Description', description],
    ['Scope', scope.join(', ')],
    ['User', user.email],
  ];
  if (token !== '') known.push(['Token', token]);
  if (left != null) known.push(['Expires in', `${left} s`]);
  return fields(known);
}

export const commands = [list, create, info, update, rotate, revoke];
