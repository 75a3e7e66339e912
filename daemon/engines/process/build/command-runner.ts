import { isClosed, type BuildStep } from '../../../../buildpacks/plan.js';
import { HintFinder, shownCommand } from '../../build/failed-command.js';
import { StepFailed } from '../../build/step-failed.js';
import { Watch } from '../../build/watch.js';
import type { BuildRequest } from '../../engine.js';
import type { BuildFolders } from './folders.js';
import { runCommand, type CommandEnd } from './run-command.js';

/** Runs the commands of one build's steps, and ends the build at its time and output limits. */
export class CommandRunner {
  private readonly watch: Watch;
  /** Ran any command at all? Then there may be processes left to look for. */
  started = false;

  constructor(
    private readonly request: BuildRequest,
    private readonly place: {
      readonly folders: BuildFolders;
      readonly path: string;
      /** What the languages of the plan want to be told. */
      readonly toolEnv: Readonly<Record<string, string>>;
      readonly scratch: string;
      /** `NAME=value` by which this build's processes are found again. */
      readonly marker: readonly [string, string];
    },
  ) {
    this.watch = new Watch(request);
  }

  /** Rejects with StepFailed for the app's fault. */
  async run(step: BuildStep, cwd: string): Promise<void> {
    const env = await this.environment(step);
    const { signal } = this.watch;
    const hints = new HintFinder(step.hints);
    for (const argv of step.commands) {
      this.started = true;
      const end = await runCommand({
        argv,
        cwd,
        env,
        signal,
        line: (text) => {
          hints.see(text);
          this.request.output.detail(text);
        },
        printed: (bytes) => this.watch.count(bytes),
      });
      this.refuseStopped();
      const why = failure(end);
      if (why !== null) {
        throw new StepFailed({
          ok: false,
          reason: 'command',
          message: `${step.title}: \`${shownCommand(argv)}\` ${why}.`,
          hint: hints.found,
        });
      }
    }
  }

  /** Throws when the build was cancelled, or is over its time or its output. */
  refuseStopped(): void {
    this.watch.refuseStopped();
  }

  private async environment(step: BuildStep): Promise<Record<string, string>> {
    const { folders, path, toolEnv, scratch, marker } = this.place;
    const { appId, env, config } = this.request;
    const caches: Record<string, string> = {};
    for (const [name, variable] of Object.entries(step.caches))
      caches[variable] = await folders.cacheOf(appId, name);
    return {
      ...env,
      ...toolEnv,
      ...step.env,
      ...(isClosed(step) ? {} : config),
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
