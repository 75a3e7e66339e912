import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Info, Progress } from '../../api/tfk.js';
import { answers, daemonFile, isAlive } from '../client/daemon.js';
import { linesOf } from '../client/lines.js';
import { command, count, flag, jsonOption } from '../command.js';
import type { Context } from '../context.js';
import { EXIT, UserError } from '../errors.js';
import { linesOfFile } from '../follow/file.js';
import { visible } from '../output/sanitise.js';
import { fields } from '../output/table.js';
import { ago } from '../output/time.js';

const STOP_PATIENCE = 60_000;
const LOG_LINES = 100;

const keepApps = flag('--keep-apps', 'only tfkd ends: dynos and router go on without it');

const start = command({
  name: 'daemon:start',
  summary: 'start tfkd, which other commands do by themselves',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk daemon start'],
  async run(context, { options }) {
    const info = await context.client.get<Info>('/tfk/info');
    if (options.json) return context.output.json(info);
    return context.output.line(runningLine(info));
  },
});

const stop = command({
  name: 'daemon:stop',
  summary: 'stop tfkd, all dynos, add-on servers and the router',
  details: 'Nothing is lost: all of it comes back with the next tfk daemon start.',
  args: {},
  options: { keepApps },
  examples: ['tfk daemon stop', 'tfk daemon stop --keep-apps'],
  run: (context, { options }) => stopped(context, options.keepApps),
});

const restart = command({
  name: 'daemon:restart',
  summary: 'start tfkd anew; dynos and router go on meanwhile',
  args: {},
  options: {},
  examples: ['tfk daemon restart'],
  async run(context) {
    await stopped(context, true);
    return context.output.line(runningLine(await context.client.get<Info>('/tfk/info')));
  },
});

const status = command({
  name: 'daemon:status',
  summary: 'say whether tfkd runs, and where; starts nothing',
  details: 'Exits with 1 when it does not run.',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk daemon status'],
  async run(context, { options }) {
    const { output, config } = context;
    if (config.remote === null && !(await answers(join(config.home, 'tfkd.sock'))))
      return notRunning(context, options.json);
    const info = await context.client.get<Info>('/tfk/info');
    if (options.json) return output.json({ running: true, ...info });
    return output.lines(fields(factsOf(info, context.now())));
  },
});

const logs = command({
  name: 'daemon:logs',
  summary: "show tfkd's own log",
  args: {},
  options: {
    lines: count('-n, --num <count>', 'how many of the last lines (100)', 0),
    tail: flag('-t, --tail', 'go on'),
  },
  examples: ['tfk daemon logs', 'tfk daemon logs --tail'],
  async run({ config, output }, { options }) {
    const file = join(config.home, 'run', 'tfkd.log');
    if (!existsSync(file)) {
      throw new UserError(`There is no log of tfkd in ${config.home} yet.`, {
        hint: 'Type: tfk daemon start',
      });
    }
    for await (const line of linesOfFile(file, { last: options.lines ?? LOG_LINES, on: options.tail })) {
      await output.write('stdout', `${output.toTerminal ? visible(line) : line}\n`);
    }
    return undefined;
  },
});

export const commands = [start, stop, restart, status, logs];

async function stopped(context: Context, onlyDaemon: boolean): Promise<number> {
  const { config, output } = context;
  const file = daemonFile(config.home);
  const running = config.remote !== null || (await answers(join(config.home, 'tfkd.sock')));
  // A tfkd that was killed has left its dynos running: to end those, one is started first. A clean stop leaves no file.
  if (!running && (file === null || onlyDaemon)) {
    output.progress('tfkd does not run.');
    return EXIT.ok;
  }
  const reply = await context.client.open('POST', '/tfk/shutdown', {
    body: { scope: onlyDaemon ? 'daemon' : 'everything' },
  });
  // Now: the file goes shortly before the process.
  const told = daemonFile(config.home) ?? file;
  for await (const line of linesOf(reply)) showProgress(context, line);
  if (told !== null && config.remote === null) await ended(told.pid);
  output.progress(onlyDaemon ? 'tfkd has stopped; dynos and router go on.' : 'tfkd has stopped.');
  return EXIT.ok;
}

function showProgress({ output }: Context, line: string): void {
  try {
    const { message } = JSON.parse(line) as Partial<Progress>;
    if (message !== undefined) output.progress(visible(message));
  } catch {
    // A line that was cut by the end of the connection says nothing.
  }
}

/** It has ended when its process has; that is known on this machine only. */
async function ended(pid: number): Promise<void> {
  const deadline = performance.now() + STOP_PATIENCE;
  while (isAlive(pid)) {
    if (performance.now() > deadline) {
      throw new UserError(`tfkd (process ${pid}) has not ended in ${STOP_PATIENCE / 1000} s.`, {
        hint: 'Type: tfk daemon logs',
      });
    }
    await sleep(50);
  }
}

function notRunning({ config, output }: Context, json: boolean): number {
  const file = daemonFile(config.home);
  if (json) output.json({ running: false, home: config.home });
  else if (file === null) output.line(`tfkd does not run (home ${config.home}).`);
  else
    output.line(`tfkd (process ${file.pid}) has died; what it ran goes on. Any tfk command brings it back.`);
  return EXIT.failed;
}

function runningLine(info: Info): string {
  const router = info.router.port === null ? '' : `, apps at http://APP.localhost:${info.router.port}/`;
  return `tfkd ${visible(info.version)} runs (process ${info.pid})${router}`;
}

function factsOf(info: Info, now: Date): [string, string][] {
  return [
    ['Version', info.version],
    ['Process', String(info.pid)],
    ['Started', ago(info.started_at, now)],
    ['Home', info.home],
    [
      'Engine',
      `${info.engine.name} (isolation: ${info.engine.isolation}; limits: ${info.engine.limits ? 'yes' : 'no'})`,
    ],
    [
      'API',
      [info.api.socket, ...(info.api.port === null ? [] : [`http://127.0.0.1:${info.api.port}`])].join(', '),
    ],
    [
      'Router',
      info.router.port === null ? 'not running' : `port ${info.router.port}, ${info.router.workers} workers`,
    ],
    ['Account', info.account.email],
  ];
}
