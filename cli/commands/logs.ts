import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateLogSession } from '../../api/log-sessions.js';
import { appOption, command, count, flag, text } from '../command.js';
import type { Context } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { logEvents, showLogLine } from '../follow/logs.js';

const LINES = 100;
/** As good as all: a span of time was asked for, not a number. */
const ALL_LINES = 100_000;
const AGAIN = 1000;

const logs = command({
  name: 'logs',
  summary: 'show the log of an app',
  details: 'On a terminal control characters are shown as escapes; into a pipe lines go as they are.',
  args: {},
  options: {
    app: appOption,
    lines: count('-n, --num <count>', 'how many of the last lines (100)', 0),
    tail: flag('-t, --tail', 'go on with lines as they come'),
    type: text('-p, --process-type <type>', 'only dynos of this type'),
    dyno: text('-d, --dyno-name <dyno>', 'only this dyno, or router'),
    source: text('-s, --source <source>', 'app: what dynos print; heroku: what tfk says'),
    since: text('--since <when>', '10m, 2h, 1d ago, or a time as 2026-08-01T10:00:00Z'),
    release: text('--release <release>', 'only dynos of this release'),
    grep: text('--grep <text>', 'only lines with this text in them'),
    json: flag('-j, --json', 'a JSON object a line'),
  },
  examples: ['tfk logs -n 50', 'tfk logs --tail -p web', 'tfk logs --since 10m --grep error -a myapp'],
  async run(context, { options }) {
    const app = context.app(options.app);
    const session = {
      tail: options.tail,
      lines: options.lines ?? (options.since === undefined ? LINES : ALL_LINES),
      ...defined({
        dyno: options.dyno ?? options.type,
        source: sourceOf(options.source),
        since: options.since,
        grep: options.grep,
      }),
      ...(options.release === undefined ? {} : { release: versionOf(options.release) }),
      ...(options.json ? { format: 'json' as const } : {}),
    };
    if (options.tail) return tail(context, app, session, options.json);
    for await (const { data } of logEvents(context, app, session)) await show(context, data, options.json);
    return undefined;
  },
});

export const commands = [logs];

/** Goes on for ever; over a restart of tfkd it takes the log up where it was left. */
async function tail(context: Context, app: string, session: CreateLogSession, json: boolean): Promise<never> {
  let last: string | undefined;
  for (let ask = session; ; ask = last === undefined ? session : { ...session, lines: 0 }) {
    try {
      for await (const { id, data } of logEvents(context, app, ask, last)) {
        last = id ?? last;
        await show(context, data, json);
      }
    } catch (error) {
      if (error instanceof UserError) throw error;
    }
    await sleep(AGAIN);
  }
}

function show(context: Context, line: string, json: boolean): Promise<void> {
  return json ? context.output.write('stdout', `${line}\n`) : showLogLine(context, line);
}

function sourceOf(source: string | undefined): string | undefined {
  if (source === undefined || source === 'app' || source === 'heroku') return source;
  throw new UsageError(`${source} is no source of log lines.`, 'Type: -s app, or -s heroku');
}

function versionOf(text: string): number {
  const [, digits] = /^v?([1-9]\d{0,8})$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new UsageError(`${text} is no release; releases are v1, v2, …`, 'Type: tfk releases');
}

function defined(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
