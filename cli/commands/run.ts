import { ATTACH_PROTOCOL, ATTACH_SCHEME } from '../../api/attach.js';
import type { CreateDyno, Dyno, ExecAnswer } from '../../api/dynos.js';
import { AttachSession, terminalSize } from '../attach/session.js';
import {
  appOption,
  command,
  flag,
  jsonOption,
  optional,
  rest,
  restRequired,
  text,
  texts,
} from '../command.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { commandLine } from '../output/shell.js';

const typed = restRequired(
  'command',
  'a command, or a process type of the Procfile; put -- before options of its own',
);
const shared = {
  app: appOption,
  env: texts('-e, --env <KEY=value>', 'a variable for this run only'),
  size: text('-s, --size <size>', 'the size of the dyno'),
  type: text('--type <type>', 'run with the size and limits of this process type'),
};

const run = command({
  name: 'run',
  summary: 'run a command in a one-off dyno of the current release',
  details:
    'Gets a terminal when both ends have one; else stdin is passed on, and stdout and stderr stay apart.\n' +
    "Ends with the command's own exit code.",
  args: { command: typed },
  options: {
    ...shared,
    detached: flag('-d, --detach', 'do not wait; its output goes to the log'),
    noTty: flag('--no-tty', 'no terminal, even where there is one'),
  },
  examples: [
    'tfk run migrate',
    "tfk run -- sh -c 'exit 7'",
    'tfk run bash',
    'cat dump.sql | tfk run -- psql',
  ],
  passesUnknownOptions: true,
  async run(context, { args, options }) {
    if (options.detached) return detach(context, args.command, options);
    const { client, output } = context;
    const app = context.app(options.app);
    const line = commandLine(args.command);
    const terminal = hasTerminal(context, options.noTty);
    const dyno = await output.action(
      `Running ${visible(line)} on ${appName(output.err, app)}`,
      () =>
        client.post<Dyno>(
          `${pathOfApp(app)}/dynos`,
          request(context, line, { ...options, terminal, attach: true }),
        ),
      (started) => visible(started.name),
      'up',
    );
    return attached(context, dyno.attach_url, terminal);
  },
});

const detached = command({
  name: 'run:detached',
  summary: 'run a command in a one-off dyno and do not wait',
  args: { command: typed },
  options: { ...shared, json: jsonOption },
  examples: ['tfk run:detached seed'],
  passesUnknownOptions: true,
  run: (context, { args, options }) => detach(context, args.command, options),
});

const LOGIN_SHELL = 'if command -v bash >/dev/null; then exec bash; else exec sh; fi';

const exec = command({
  name: 'ps:exec',
  summary: 'run a command, or a shell, inside a dyno that runs',
  args: { dyno: optional('dyno', 'else web.1'), command: rest('command', 'else a shell') },
  options: {
    app: appOption,
    dynoName: text('-d, --dyno <dyno>', 'the dyno, as the option that Heroku has'),
    noTty: flag('--no-tty', 'no terminal, even where there is one'),
  },
  examples: ['tfk ps:exec web.1', 'tfk ps:exec worker.2 -- ps aux'],
  passesUnknownOptions: true,
  async run(context, { args, options }) {
    const { dyno, words } = execTarget(args.dyno, args.command, options.dynoName);
    const path = `${tfkPathOfApp(context.app(options.app))}/dynos/${encodeURIComponent(dyno)}/exec`;
    const terminal = hasTerminal(context, options.noTty);
    const answer = await context.client.post<ExecAnswer>(path, {
      command: words.length === 0 ? LOGIN_SHELL : commandLine(words),
      env: { TERM: context.config.term },
      ...(terminal ? { terminal: terminalSize(context.output) } : { force_no_tty: true }),
    });
    return attached(context, answer.attach_url, terminal);
  },
});

export const commands = [run, detached, exec];

/** The dyno comes first, or as an option; without either it is web.1. */
function execTarget(
  first: string | undefined,
  command: readonly string[],
  option: string | undefined,
): { dyno: string; words: readonly string[] } {
  if (option !== undefined) return { dyno: option, words: first === undefined ? [] : [first, ...command] };
  if (first === undefined || /^[\w-]+\.\d+$/.test(first)) return { dyno: first ?? 'web.1', words: command };
  throw new UsageError(
    `${first} is no dyno's name.`,
    'Type: tfk ps:exec web.1 -- COMMAND. tfk ps lists the dynos.',
  );
}

interface RunOptions {
  readonly app: string | undefined;
  readonly env: readonly string[];
  readonly size: string | undefined;
  readonly type: string | undefined;
  readonly json?: boolean;
}

async function detach(context: Context, words: readonly string[], options: RunOptions): Promise<undefined> {
  const { client, output } = context;
  const app = context.app(options.app);
  const line = commandLine(words);
  const dyno = await output.action(
    `Running ${visible(line)} on ${appName(output.err, app)}`,
    () =>
      client.post<Dyno>(
        `${pathOfApp(app)}/dynos`,
        request(context, line, { ...options, terminal: false, attach: false }),
      ),
    (started) => visible(started.name),
  );
  if (options.json === true) output.json(dyno);
  else output.line(dyno.name);
  output.progress(`To see its output: tfk logs --tail --dyno-name ${visible(dyno.name)} -a ${app}`);
  return undefined;
}

function request(
  context: Context,
  line: string,
  options: RunOptions & { terminal: boolean; attach: boolean },
): CreateDyno {
  return {
    command: line,
    attach: options.attach,
    env: { ...(options.terminal ? { TERM: context.config.term } : {}), ...variables(options.env) },
    ...(options.terminal ? { terminal: terminalSize(context.output) } : { force_no_tty: true }),
    ...(options.size === undefined ? {} : { size: options.size }),
    ...(options.type === undefined ? {} : { type: options.type }),
  };
}

/** `-e A=1 -e B=2`, or in one as Heroku has it: `-e 'A=1;B=2'`. */
function variables(given: readonly string[]): Record<string, string> {
  const pairs = given.flatMap((text) => text.split(/;(?=[A-Za-z_]\w*=)/));
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? [];
      if (key === undefined || value === undefined) {
        throw new UsageError(
          `-e ${pair} is not KEY=value.`,
          "Type: -- before the command, if -e is the command's own option.",
        );
      }
      return [key, value];
    }),
  );
}

function hasTerminal({ stdin, output }: Context, unwanted: boolean): boolean {
  return !unwanted && stdin.isTTY && output.stdout.isTTY === true;
}

async function attached(context: Context, url: string | null, terminal: boolean): Promise<number> {
  if (url?.startsWith(ATTACH_SCHEME) !== true) {
    throw new UserError('tfkd answered no way to attach; the command may run all the same.', {
      hint: 'Type: tfk ps',
    });
  }
  const { socket, head } = await context.client.upgrade(url.slice(ATTACH_SCHEME.length), ATTACH_PROTOCOL);
  return new AttachSession(context, socket, terminal).run(head);
}
