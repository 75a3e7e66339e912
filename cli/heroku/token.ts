import type { Authorization } from '../../api/authorizations.js';
import { Client } from '../client/client.js';
import { endpointOf } from '../client/endpoint.js';
import type { Context } from '../context.js';

const OF_SHELLS = 'tfk heroku:env';
const OF_ONE_COMMAND = 'tfk heroku';
/** Shells that keep a valid token; the tokens of older ones are revoked, so that they do not heap up. */
const SHELLS = 50;
const MONTH_S = 30 * 86_400;

/** The token of a shell: the one that it has, if it is this tfkd's, else a new one. */
export async function tokenOfShell(context: Context, origin: string): Promise<string> {
  const { client, config } = context;
  if (config.remote !== null) return config.remote.token;
  const known = config.env['HEROKU_HOST'] === origin ? (config.env['HEROKU_API_KEY'] ?? '') : '';
  if (known !== '' && (await isValid(context, origin, known))) return known;
  const made = await client.post<Authorization>('/oauth/authorizations', { description: OF_SHELLS });
  const ours = (await client.list<Authorization>('/oauth/authorizations'))
    .filter(({ description }) => description === OF_SHELLS)
    .sort((a, b) => b.created_at.localeCompare(a.created_at));
  for (const { id } of ours.slice(SHELLS)) {
    if (id !== made.id) await client.delete(`/oauth/authorizations/${id}`);
  }
  return made.access_token?.token ?? '';
}

/** A token for the time that the work takes; a month where we are killed meanwhile. */
export async function withToken<T>(context: Context, work: (token: string) => Promise<T>): Promise<T> {
  const { client, config } = context;
  if (config.remote !== null) return work(config.remote.token);
  const made = await client.post<Authorization>('/oauth/authorizations', {
    description: OF_ONE_COMMAND,
    expires_in: MONTH_S,
  });
  try {
    return await work(made.access_token?.token ?? '');
  } finally {
    // It ends by itself too; what the command answered counts more than a tfkd that has gone meanwhile.
    await client.delete(`/oauth/authorizations/${made.id}`).catch(() => undefined);
  }
}

async function isValid({ config }: Context, origin: string, token: string): Promise<boolean> {
  const asked = new Client(
    endpointOf({ home: config.home, remote: { url: origin, token } }),
    'tfk-cli',
    null,
  );
  try {
    await asked.get('/account');
    return true;
  } catch {
    return false;
  } finally {
    await asked.close();
  }
}
