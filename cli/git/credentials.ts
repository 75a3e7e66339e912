import type { Authorization } from '../../api/authorizations.js';
import type { Context } from '../context.js';
import { gitBase } from './address.js';

/** By which a helper's own tokens are known again. */
const DESCRIPTION = 'tfk git:credentials';
/** Seconds: longer than the requests of one push or clone take to begin. */
const LIFE = 3600;

/** What git asks for: `protocol=http`, `host=127.0.0.1:4270`… */
export function attributesIn(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  );
}

/**
 * The lines that let git in, with a token of an hour that is kept nowhere; none where git asks for another host: a token never
 * goes there.
 */
export async function credentialsFor(
  context: Context,
  asked: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const base = await gitBase(context);
  const wanted = `${asked.get('protocol') ?? ''}://${asked.get('host') ?? ''}`;
  if (wanted !== base) {
    context.output.warn(`This tfkd is at ${base} now. To write its remote anew, type: tfk git:remote`);
    return [];
  }
  const { remote } = context.config;
  if (remote !== null) return ['username=tfk', `password=${remote.token}`];
  const token = await freshToken(context);
  const expiry = Math.floor(context.now().getTime() / 1000) + LIFE;
  return ['username=tfk', `password=${token}`, `password_expiry_utc=${expiry}`];
}

/** Takes those of earlier pushes away that have expired, so that their list stays short. */
async function freshToken({ client }: Context): Promise<string> {
  for (const { id, description, access_token } of await client.list<Authorization>('/oauth/authorizations')) {
    const expired = access_token?.expires_in === 0;
    if (description === DESCRIPTION && expired) await client.delete(`/oauth/authorizations/${id}`);
  }
  const made = await client.post<Authorization>('/oauth/authorizations', {
    description: DESCRIPTION,
    expires_in: LIFE,
  });
  return made.access_token?.token ?? '';
}
