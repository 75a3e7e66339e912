import type Docker from 'dockerode';
import type { BuildStep } from '../../../../../buildpacks/plan.js';
import { HintFinder, shownCommand } from '../../../build/failed-command.js';
import { StepFailed } from '../../../build/step-failed.js';
import { configOf } from '../../../build/step-inputs.js';
import { inMegabytes, type Watch } from '../../../build/watch.js';
import type { BuildRequest } from '../../../engine.js';
import { unless } from '../../answers.js';
import { cacheFolder, type BuildResources } from './container-options.js';
import { runInside, type Command, type CommandEnd } from './exec.js';

/** The cache that is every step's home folder. */
export const HOME_CACHE = 'home';

type Argv = readonly [string, ...string[]];

/** `env` is the request's as containers can use it. */
export interface CommandRunnerOptions extends Pick<
  BuildRequest,
  'output' | 'env' | 'config' | 'buildId' | 'sourceVersion'
> {
  readonly docker: Docker;
  readonly watch: Watch;
  readonly resources: BuildResources;
}

/** Runs the commands of one build's steps in its containers. */
export class CommandRunner {
  constructor(private readonly options: CommandRunnerOptions) {}

  /** Rejects with StepFailed for the app's fault. `as` is what is really run for a command. */
  async run(step: BuildStep, container: Docker.Container, as: (argv: Argv) => Argv): Promise<void> {
    const env = this.environment(step);
    const hints = new HintFinder(step.hints);
    const line = (text: string) => {
      hints.see(text);
      this.options.output.detail(text);
    };
    for (const argv of step.commands) {
      const what = `${step.title}: \`${shownCommand(argv)}\``;
      const why = await this.command(as(argv), { what, container, env, line });
      if (why === null) continue;
      const message = `${what} ${why}.`;
      throw new StepFailed({ ok: false, reason: 'command', message, hint: hints.found });
    }
  }

  /** Runs one command to its end: null, or why it failed. Rejects with StepFailed where the build has to end. */
  async command(
    argv: Argv,
    how: Pick<Command, 'env' | 'line' | 'as'> & {
      /** For people. */
      readonly what: string;
      readonly container: Docker.Container;
    },
  ): Promise<string | null> {
    const { docker, watch } = this.options;
    const { what, container, ...command } = how;
    watch.refuseStopped();
    const end = await runInside(docker, container, {
      ...command,
      argv,
      printed: (bytes) => watch.count(bytes),
      signal: watch.signal,
    });
    watch.refuseStopped();
    const why = failure(end);
    if (why !== null && (await ranOutOfMemory(docker, container)))
      throw new StepFailed(this.outOfMemory(`${what} ${why}`));
    return why;
  }

  /** Of the commands of a step. A classic buildpack gets config vars otherwise. */
  environment(step: BuildStep): Record<string, string> {
    const { config, buildId, sourceVersion } = this.options;
    const own = step.buildpack
      ? { REQUEST_ID: buildId, SOURCE_VERSION: sourceVersion ?? '' }
      : configOf(step, config);
    const caches = Object.entries(step.caches).map(([name, variable]) => [variable, cacheFolder(name)]);
    return {
      ...this.options.env,
      ...step.env,
      ...own,
      ...(Object.fromEntries(caches) as Record<string, string>),
      HOME: cacheFolder(HOME_CACHE),
      TMPDIR: '/tmp',
    };
  }

  private outOfMemory(message: string) {
    const memory = inMegabytes(this.options.resources.memoryBytes);
    return {
      ok: false,
      reason: 'limit',
      message: `${message}: it ran out of memory, of which a build has ${memory}.`,
    } as const;
  }
}

function failure(end: CommandEnd): string | null {
  if (end.kind === 'exited') return end.code === 0 ? null : exited(end.code);
  return end.kind === 'killed' ? 'was ended by SIGKILL' : `cannot be started: ${end.message}`;
}

function exited(code: number): string {
  if (code === 137) return 'was ended by SIGKILL';
  return code === 143 ? 'was ended by SIGTERM' : `exited with status ${code}`;
}

/** The engine tells of it in its events; it remembers the last few hundred, and is asked at once. */
async function ranOutOfMemory(docker: Docker, container: Docker.Container): Promise<boolean> {
  const found = await unless([404], container.inspect());
  if (found === null) return false;
  const stream = await docker.getEvents({
    filters: { container: [container.id], event: ['oom'] },
    since: Math.floor(Date.parse(found.State.StartedAt) / 1000),
    until: Math.ceil(Date.now() / 1000),
  });
  let events = '';
  for await (const chunk of stream) events += String(chunk);
  return events.includes('"oom"');
}
