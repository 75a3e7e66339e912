import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { TfkError } from '../../shared/errors.js';
import { answersAt } from './answers.js';
import { routerPlaces } from './places.js';
import { EXIT, type StartReport } from './start-report.js';

export interface RouterStart {
  /** The Node to run it with. */
  readonly nodePath: string;
  /** Absolute path of the compiled `daemon/router/main.js`. */
  readonly program: string;
  /** tfk's home folder. */
  readonly home: string;
  /** 0 takes a free one: `RouterControl.status` tells which. */
  readonly port: number;
  /** Null or left out: no TLS. 0 takes a free one. */
  readonly tlsPort?: number | null;
  /** Where the TLS port is taken, a free one will do. */
  readonly tlsPortMayDiffer?: boolean;
  /** Default: 127.0.0.1, and ::1 where the machine has it. */
  readonly hosts?: readonly string[];
  readonly workers?: number;
  readonly logLevel?: string;
  readonly version?: string;
  /** Other figures than limits.ts has, by name. */
  readonly limits?: Readonly<Record<string, number>>;
  /** How long to wait for it, in milliseconds (default 30 000). */
  readonly timeoutMs?: number;
}

/** The router's own log is begun anew above this; one older file is kept. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/**
 * Starts the router unless one answers on this home. It outlives the process that starts it. Resolves when it routes;
 * rejects with a TfkError that holds its one-line reason (`port 8080 is taken …`).
 */
export async function startRouter(options: RouterStart): Promise<{ readonly started: boolean }> {
  const { socket } = routerPlaces(options.home);
  if (await answersAt(socket)) return { started: false };
  const report = await spawnHolder(options);
  if (report.type === 'ready') return { started: true };
  if (report.exitCode === EXIT.alreadyRunning) return { started: false };
  throw new TfkError(
    report.exitCode === EXIT.portTaken ? 'conflict' : 'unavailable',
    `The router did not start: ${report.message}.`,
    {
      hint:
        report.exitCode === EXIT.portTaken
          ? 'Set TFK_ROUTER_PORT (or TFK_ROUTER_TLS_PORT) to another port, or to 0 for a free one.'
          : `Its log is ${routerPlaces(options.home).log}.`,
    },
  );
}

async function spawnHolder(options: RouterStart): Promise<StartReport> {
  const log = openLog(options.home);
  try {
    const child = spawn(options.nodePath, [options.program, ...argumentsOf(options)], {
      cwd: options.home,
      detached: true,
      // Nothing of tfkd's environment is the router's business, least of all its secrets.
      env: {},
      stdio: ['ignore', log, log, 'ipc'],
    });
    return await startReport(child, options.timeoutMs ?? 30_000);
  } finally {
    closeSync(log);
  }
}

function startReport(child: ChildProcess, timeoutMs: number): Promise<StartReport> {
  return new Promise((resolve) => {
    const finish = (report: StartReport): void => {
      clearTimeout(timer);
      if (child.connected) child.disconnect();
      child.unref();
      resolve(report);
    };
    const failed = (message: string): StartReport => ({ type: 'failed', message, exitCode: EXIT.failed });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      finish(failed(`it was not ready after ${timeoutMs / 1000} s`));
    }, timeoutMs);
    child.once('message', (message) => finish(message as StartReport));
    child.once('error', (error) => finish(failed(error.message)));
    child.once('exit', (code, signal) =>
      finish(failed(`it ended at once (${signal ?? `status ${code ?? '?'}`})`)),
    );
  });
}

function argumentsOf(options: RouterStart): string[] {
  const given: [string, string | number | undefined][] = [
    ['home', options.home],
    ['port', options.port],
    ['tls-port', options.tlsPort ?? undefined],
    ['workers', options.workers],
    ['log-level', options.logLevel],
    ['version', options.version],
    ...(options.hosts ?? []).map((host): [string, string] => ['host', host]),
    ...Object.entries(options.limits ?? {}).map(([name, value]): [string, string] => [
      'limit',
      `${name}=${value}`,
    ]),
  ];
  const flags = options.tlsPortMayDiffer === true ? ['--tls-port-may-differ'] : [];
  return [...given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])), ...flags];
}

function openLog(home: string): number {
  const { folder, log } = routerPlaces(home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(log, `${log}.1`);
  return openSync(log, 'a', 0o600);
}
