import type { Info } from '../../api/tfk.js';
import type { Context } from '../context.js';
import { UserError } from '../errors.js';

/** Where git reaches this tfkd, without a slash at the end: `http://127.0.0.1:4270`. */
export async function gitBase({ client, config }: Context): Promise<string> {
  if (config.remote !== null) return new URL(config.remote.url).origin;
  const { api } = await client.get<Info>('/tfk/info');
  if (api.port !== null) return `http://127.0.0.1:${api.port}`;
  throw new UserError('This tfkd listens on no TCP port, so git cannot reach it.', {
    hint: 'Type: tfk daemon restart',
  });
}

export const gitUrl = (base: string, app: string): string => `${base}/${app}.git`;

/**
 * What a repository's own settings need, so that plain git gets in: whom to ask for the password, in place of the user's other
 * helpers, which would keep it. No token is in them. A proxy of the shell is not asked for what is on this machine.
 */
export function gitSettings(
  base: string,
  helper: string,
): readonly (readonly [key: string, value: string])[] {
  const local = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|$)/.test(base);
  return [
    [`credential.${base}.helper`, ''],
    [`credential.${base}.helper`, helper],
    ...(local ? [[`http.${base}.proxy`, ''] as const] : []),
  ];
}

/** This very tfk and tfkd, whatever the shell says in which git is called later. */
export function helperCommand({ config, installation }: Context): string {
  const target =
    config.remote === null
      ? `TFK_URL= TFK_HOME=${shellWord(config.home)}`
      : `TFK_URL=${shellWord(config.remote.url)}`;
  return `!${target} ${shellWord(process.execPath)} ${shellWord(installation.program)} git:credentials`;
}

const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
