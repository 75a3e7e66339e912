import { join, resolve } from 'node:path';

/** What the environment says to the CLI, read once. */
export interface Config {
  /** `$TFK_HOME`, absolute: which tfkd is meant. */
  readonly home: string;
  /** A tfkd reached over TCP instead of the home's socket. */
  readonly remote: { readonly url: string; readonly token: string } | null;
  /** `$TFK_APP`. */
  readonly app: string | undefined;
  readonly cwd: string;
  readonly editor: string;
  /** Terminal type, handed to one-off dynos. */
  readonly term: string;
  readonly colour: 'never' | 'always' | 'on terminals';
  /** Handed on to the programs that the CLI starts: tfkd, psql, an editor, a browser. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

export function readConfig(env: NodeJS.ProcessEnv, cwd: string, userHome: string): Config {
  const url = env['TFK_URL'];
  return {
    home: resolve(cwd, env['TFK_HOME'] || join(userHome, '.tfk')),
    remote: url ? { url, token: env['TFK_TOKEN'] ?? '' } : null,
    app: env['TFK_APP'] || undefined,
    cwd,
    editor: env['VISUAL'] || env['EDITOR'] || 'vi',
    term: env['TERM'] || 'xterm',
    colour: colourOf(env),
    env,
  };
}

/** https://no-color.org: any value that is not empty; FORCE_COLOR=0 is a no as well. */
function colourOf(env: NodeJS.ProcessEnv): Config['colour'] {
  const force = env['FORCE_COLOR'];
  if (env['NO_COLOR']) return 'never';
  if (force === undefined || force === '') return 'on terminals';
  return force === '0' || force === 'false' ? 'never' : 'always';
}
