import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, UserError } from '../errors.js';

/** What `$TFK_HOME/run/tfkd.json` tells while a tfkd runs. */
export interface DaemonFile {
  readonly pid: number;
  readonly startedAt: string;
  readonly version: string;
  readonly apiPort: number | null;
  readonly routerPort: number | null;
  readonly socket: string;
}

export interface StartOptions {
  readonly home: string;
  /** The compiled daemon/main.js. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds; a first start makes a database and may adopt many dynos. */
  readonly patience?: number;
}

const LOG_BYTES = 10 * 1024 * 1024;
const POLL = 25;

/**
 * Starts tfkd for a home and resolves when it answers. It outlives this process, and writes to run/tfkd.log. Where several
 * start it at once, one wins and all use that one. Throws with tfkd's own last words when it ends instead.
 */
export async function startDaemon(options: StartOptions): Promise<void> {
  const logFile = join(options.home, 'run', 'tfkd.log');
  const { child, offset } = launch(options, logFile);
  const end = endOf(child);
  const deadline = performance.now() + (options.patience ?? 60_000);
  for (;;) {
    if (await answers(join(options.home, 'tfkd.sock'))) return;
    if (end.reason !== null) {
      if (await anotherAnswers(options.home)) return;
      throw notStarted(logFile, offset, end.reason);
    }
    if (performance.now() > deadline) throw notReady(logFile);
    await sleep(POLL);
  }
}

/** Null where no tfkd has said that it is ready (a clean stop removes the file). It may have died since: see `isAlive`. */
export function daemonFile(home: string): DaemonFile | null {
  try {
    return JSON.parse(readFileSync(join(home, 'run', 'tfkd.json'), 'utf8')) as DaemonFile;
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a tfkd answers on the socket. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ socketPath, path: '/tfk/health', agent: false, timeout: 5000 }, (reply) => {
      reply.resume();
      resolve(reply.statusCode === 200);
    });
    probe.on('timeout', () => probe.destroy());
    probe.on('error', () => resolve(false));
    probe.end();
  });
}

/** How the child ended, null while it has not. */
function endOf(child: ChildProcess): { readonly reason: string | null } {
  const end: { reason: string | null } = { reason: null };
  child.once('exit', (code, signal) => (end.reason = signal ?? `code ${code ?? 0}`));
  child.once('error', (error) => (end.reason = messageOf(error)));
  return end;
}

function launch(options: StartOptions, logFile: string): { child: ChildProcess; offset: number } {
  makeHome(options.home);
  const offset = roomFor(logFile);
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [options.program], {
      cwd: options.home,
      detached: true,
      env: { ...options.env, TFK_HOME: options.home },
      stdio: ['ignore', log, log],
    });
    child.unref();
    return { child, offset };
  } finally {
    closeSync(log);
  }
}

function makeHome(home: string): void {
  try {
    mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new UserError(`tfk's home cannot be made: ${messageOf(cause)}. Nothing was started.`, {
      hint: 'Set TFK_HOME to a folder that this user may make.',
      cause,
    });
  }
}

/** The log's size; a log that has grown too long makes way, one generation is kept. */
function roomFor(logFile: string): number {
  if (!existsSync(logFile)) return 0;
  const { size } = statSync(logFile);
  if (size < LOG_BYTES) return size;
  renameSync(logFile, `${logFile}.1`);
  return 0;
}

/** Ours ended. When another was started in the same moment, that one answers within moments. */
async function anotherAnswers(home: string): Promise<boolean> {
  for (let tries = 0; tries < 40; tries++) {
    if (await answers(join(home, 'tfkd.sock'))) return true;
    const running = pidOf(home);
    if (running === null || !isAlive(running)) return false;
    await sleep(250);
  }
  return false;
}

function pidOf(home: string): number | null {
  try {
    const pid = Number(readFileSync(join(home, 'run', 'tfkd.pid'), 'utf8').trim());
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function notStarted(logFile: string, offset: number, ended: string): UserError {
  const words = readFileSync(logFile).subarray(offset).toString('utf8').trimEnd().split('\n');
  const said = words.findLast((line) => line.startsWith('tfkd: '))?.slice('tfkd: '.length);
  return new UserError(`tfkd does not start: ${said ?? `it ended with ${ended}`}`, {
    hint:
      said === undefined ? `Type: tail ${logFile}` : 'Put that right, then try again; nothing was changed.',
  });
}

function notReady(logFile: string): UserError {
  return new UserError('tfkd was started, but does not answer yet.', {
    hint: `It goes on starting. Type: tfk daemon status, or: tail ${logFile}`,
  });
}
