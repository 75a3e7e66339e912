import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Authority } from '../../api/authority.js';
import type { Info } from '../../api/tfk.js';
import { command, jsonOption, rest, text } from '../command.js';
import type { Context } from '../context.js';
import { codeOf, EXIT, messageOf, UsageError, UserError } from '../errors.js';
import { exportLines, herokuEnvironment, type Variables } from '../heroku/environment.js';
import { tokenOfShell, withToken } from '../heroku/token.js';
import { trustFiles } from '../heroku/trust.js';

const env = command({
  name: 'heroku:env',
  summary: "print what leads Heroku's own CLI, and git, to this tfkd",
  details:
    'For a shell to evaluate. The token in it is good until it is revoked; a shell that has one keeps it.\n' +
    'Every host that the CLI can be pointed to is this tfkd, so that the token stays here.',
  args: {},
  options: {
    shell: text('--shell <sh|fish>', 'the syntax; else sh, which bash and zsh read too'),
    json: jsonOption,
  },
  examples: ['eval "$(tfk heroku:env)"', 'tfk heroku:env --shell fish | source'],
  async run(context, { options }) {
    const shell = options.shell ?? 'sh';
    if (shell !== 'sh' && shell !== 'fish') {
      throw new UsageError(
        `--shell takes sh or fish, not ${shell}.`,
        'bash and zsh read what is made for sh.',
      );
    }
    const origin = await originOf(context);
    const variables = await variablesFor(context, origin, await tokenOfShell(context, origin));
    if (options.json) return context.output.json(variables);
    return context.output.lines(exportLines(variables, shell));
  },
});

const heroku = command({
  name: 'heroku',
  summary: "run Heroku's own CLI against this tfkd",
  details: 'It has to be installed. Its token is revoked when it ends.',
  args: { words: rest('words', "what Heroku's CLI is told") },
  options: {},
  examples: ['tfk heroku -- apps', "tfk heroku -- run -a myapp -- sh -c 'exit 7'"],
  passesUnknownOptions: true,
  async run(context, { args }) {
    const origin = await originOf(context);
    return withToken(context, async (token) =>
      runHeroku(context, args.words, await variablesFor(context, origin, token)),
    );
  },
});

export const commands = [env, heroku];

/** Heroku's CLI takes no other spelling of this host. */
async function originOf({ client, config }: Context): Promise<string> {
  if (config.remote !== null) return new URL(config.remote.url).origin;
  const { api } = await client.get<Info>('/tfk/info');
  return `http://127.0.0.1:${api.port ?? ''}`;
}

async function variablesFor(context: Context, origin: string, token: string): Promise<Variables> {
  const trust = trustFiles(context, await context.client.get<Authority>('/tfk/authority'));
  return herokuEnvironment({ origin, token, ...trust }, context.config.env);
}

/** It has our terminal; its exit code is ours. */
function runHeroku(context: Context, words: readonly string[], variables: Variables): Promise<number> {
  const child = spawn('heroku', words, { stdio: 'inherit', env: { ...context.config.env, ...variables } });
  // Ctrl-C reaches it by the terminal, and it decides; what is sent to us alone is passed on.
  const stops = [
    context.onSignal('SIGINT', () => undefined),
    ...(['SIGTERM', 'SIGHUP'] as const).map((signal) =>
      context.onSignal(signal, () => void child.kill(signal)),
    ),
  ];
  const ended = new Promise<number>((resolve, reject) => {
    child.once('exit', (code, signal) =>
      resolve(code ?? (signal === null ? EXIT.failed : 128 + constants.signals[signal])),
    );
    child.once('error', (cause) => reject(notStarted(cause)));
  });
  return ended.finally(() => stops.forEach((stop) => stop()));
}

function notStarted(cause: unknown): UserError {
  return codeOf(cause) === 'ENOENT'
    ? new UserError("Heroku's CLI is not on the PATH.", { hint: 'Type: npm install --global heroku', cause })
    : new UserError(`Heroku's CLI does not start: ${messageOf(cause)}`, { cause });
}
