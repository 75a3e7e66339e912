import type { BuildStep } from '../../../../buildpacks/plan.js';
import type { BuildRequest, BuildResult } from '../../engine.js';
import type { BuildFolders } from './folders.js';
import { runCommand, type CommandEnd } from './run-command.js';

export type BuildFault = Extract<BuildResult, { ok: false }>;

/** Carries a build's own failure up to where it becomes a result. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  constructor(readonly fault: BuildFault) {
    super(fault.message);
  }
}

/** Runs the commands of one build's steps, and ends the build at its time and output limits. */
export class CommandRunner {
  private readonly overrun = new AbortController();
  private readonly deadline: AbortSignal;
  private bytes = 0;
  /** Ran any command at all? Then there may be processes left to look for. */
  started = false;

  constructor(
    private readonly request: BuildRequest,
    private readonly place: {
      readonly folders: BuildFolders;
      readonly path: string;
      readonly scratch: string;
      /** `NAME=value` by which this build's processes are found again. */
      readonly marker: readonly [string, string];
    },
  ) {
    this.deadline = AbortSignal.timeout(request.limits.timeoutMs);
  }

  /** Rejects with StepFailed for the app's fault. */
  async run(step: BuildStep, cwd: string): Promise<void> {
    const env = await this.environment(step);
    const signal = AbortSignal.any([this.request.signal, this.deadline, this.overrun.signal]);
    for (const argv of step.commands) {
      this.started = true;
      const end = await runCommand({
        argv,
        cwd,
        env,
        signal,
        line: (text) => this.request.output.detail(text),
        printed: (bytes) => this.count(bytes),
      });
      this.refuseStopped();
      const why = failure(end);
      if (why !== null) {
        throw new StepFailed({
          ok: false,
          reason: 'command',
          message: `${step.title}: \`${argv.join(' ')}\` ${why}.`,
        });
      }
    }
  }

  /** Throws when the build was cancelled, or is over its time or its output. */
  refuseStopped(): void {
    const { limits, signal } = this.request;
    if (signal.aborted)
      throw new StepFailed({ ok: false, reason: 'cancelled', message: 'The build was cancelled.' });
    if (this.overrun.signal.aborted) {
      const message = `The build printed more than ${inMegabytes(limits.outputBytes)} and was ended.`;
      throw new StepFailed({ ok: false, reason: 'limit', message });
    }
    if (this.deadline.aborted) {
      const message = `The build took longer than ${inMinutes(limits.timeoutMs)} and was ended.`;
      throw new StepFailed({ ok: false, reason: 'timeout', message });
    }
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.request.limits.outputBytes) this.overrun.abort();
  }

  private async environment(step: BuildStep): Promise<Record<string, string>> {
    const { folders, path, scratch, marker } = this.place;
    const { appId, env } = this.request;
    const caches: Record<string, string> = {};
    for (const [name, variable] of Object.entries(step.caches))
      caches[variable] = await folders.cacheOf(appId, name);
    return {
      ...env,
      ...step.env,
      ...caches,
      PATH: path,
      HOME: await folders.cacheOf(appId, 'home'),
      TMPDIR: scratch,
      [marker[0]]: marker[1],
    };
  }
}

function failure(end: CommandEnd): string | null {
  if (end.kind === 'exited') return end.code === 0 ? null : `exited with status ${end.code}`;
  return end.kind === 'killed' ? `was ended by ${end.by}` : `cannot be started: ${end.message}`;
}

const inMegabytes = (bytes: number): string =>
  bytes < 1048576 ? `${bytes} bytes` : `${Math.floor(bytes / 1048576)} MB`;
const inMinutes = (ms: number): string => (ms < 60_000 ? `${ms / 1000} s` : `${Math.round(ms / 60_000)} min`);
