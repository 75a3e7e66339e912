import type { BuildStep } from '../../../../buildpacks/plan.js';
import type { Stream } from '../../build/buildpacks.js';
import { HintFinder, shownCommand } from '../../build/failed-command.js';
import { StepFailed } from '../../build/step-failed.js';
import { configOf } from '../../build/step-inputs.js';
import { Watch } from '../../build/watch.js';
import type { BuildRequest } from '../../engine.js';
import type { BuildFolders } from './folders.js';
import { runCommand, type Command, type CommandEnd } from './run-command.js';

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

  /** Rejects with StepFailed for the app's fault. `as` is what is really run for a command. */
  async run(step: BuildStep, cwd: string, as: (argv: Command['argv']) => Command['argv']): Promise<void> {
    const env = await this.environment(step);
    const hints = new HintFinder(step.hints);
    const line = (text: string) => {
      hints.see(text);
      this.request.output.detail(text);
    };
    for (const argv of step.commands) {
      const why = await this.command(as(argv), { cwd, env, line });
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

  /** Runs one command to its end: null, or why it failed. Rejects with StepFailed where the build has to end. */
  async command(
    argv: Command['argv'],
    how: Pick<Command, 'cwd' | 'env'> & { readonly line: (text: string, stream: Stream) => void },
  ): Promise<string | null> {
    const { signal } = this.watch;
    this.started = true;
    const end = await runCommand({ argv, ...how, signal, printed: (bytes) => this.watch.count(bytes) });
    this.refuseStopped();
    return failure(end);
  }

  /** Throws when the build was cancelled, or is over its time or its output. */
  refuseStopped(): void {
    this.watch.refuseStopped();
  }

  /** Of the commands of a step. A classic buildpack gets config vars otherwise. */
  async environment(step: BuildStep): Promise<Record<string, string>> {
    const { folders, path, toolEnv, scratch, marker } = this.place;
    const { appId, buildId, env, config, sourceVersion } = this.request;
    const own = step.buildpack
      ? { REQUEST_ID: buildId, SOURCE_VERSION: sourceVersion ?? '' }
      : configOf(step, config);
    const caches: Record<string, string> = {};
    for (const [name, variable] of Object.entries(step.caches))
      caches[variable] = await folders.cacheOf(appId, name);
    return {
      ...env,
      ...toolEnv,
      ...step.env,
      ...own,
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
