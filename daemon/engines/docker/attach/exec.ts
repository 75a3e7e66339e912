import type Docker from 'dockerode';
import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import type { ExecRequest } from '../../engine.js';
import { checkLaunchable } from '../../launch/launchable.js';
import { launchingOf, type Launching } from '../launching.js';
import { ExecProcess } from './exec-process.js';
import { launchCommand } from './exec-scripts.js';
import { takeFirstLine } from './first-line.js';
import { DETACH_KEYS } from './options.js';
import { Stdio } from './stdio.js';

/** A container that is out of memory or processor time may be this slow to start one more process. */
const LAUNCH_LIMIT_MS = 30_000;

/** Starts a further process in a running container. Resolves when it runs and its terminal has its size. */
export async function openExec(
  container: Docker.Container,
  request: ExecRequest,
  clock: Clock,
): Promise<{ process: ExecProcess; stdio: Stdio; exec: Docker.Exec }> {
  checkLaunchable(request.env, request.command);
  const { Config } = await container.inspect();
  const exec = await container.exec(optionsOf(request, launchingOf(Config.Labels)));
  const connection = await exec.start({ hijack: true, stdin: true, Tty: request.terminal !== null });
  const stdio = new Stdio(connection, request.terminal !== null);
  try {
    const leader = await leaderOf(stdio, clock);
    const process = new ExecProcess({ container, exec, leader, stdio, clock });
    if (request.terminal) await process.resize(request.terminal);
    return { process, stdio, exec };
  } catch (error) {
    stdio.destroy();
    throw error;
  }
}

const optionsOf = (
  { command, env, terminal }: ExecRequest,
  launching: Launching,
): Docker.ExecCreateOptions => ({
  Cmd: launchCommand(command, terminal, launching),
  Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
  Tty: terminal !== null,
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
  DetachKeys: DETACH_KEYS,
});

/** As the process itself says; what it says otherwise is Docker's reason why it could not be started. */
async function leaderOf(stdio: Stdio, clock: Clock): Promise<number> {
  const heard = new AbortController();
  const limit = clock
    .sleep(LAUNCH_LIMIT_MS, heard.signal)
    .then(() => `no answer within ${LAUNCH_LIMIT_MS / 1000} s`);
  const line = await Promise.race([takeFirstLine(stdio.stdout), limit]);
  heard.abort();
  if (/^[0-9]+$/.test(line)) return Number(line);
  throw new TfkError('unavailable', `The process could not be started: ${line || 'Docker gave no reason'}.`);
}
