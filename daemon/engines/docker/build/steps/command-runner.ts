import type Docker from 'dockerode';
import { isClosed, type BuildStep } from '../../../../../buildpacks/plan.js';
import { HintFinder, shownCommand } from '../../../build/failed-command.js';
import { StepFailed } from '../../../build/step-failed.js';
import { inMegabytes, type Watch } from '../../../build/watch.js';
import type { BuildOutput } from '../../../engine.js';
import { unless } from '../../answers.js';
import { cacheFolder, type BuildResources } from './container-options.js';
import { runInside, type CommandEnd } from './exec.js';

/** The cache that is every step's home folder. */
export const HOME_CACHE = 'home';

export interface CommandRunnerOptions {
  readonly docker: Docker;
  readonly output: BuildOutput;
  readonly watch: Watch;
  /** Of the request, as containers can use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the app, for the steps that see the whole source. */
  readonly config: Readonly<Record<string, string>>;
  readonly resources: BuildResources;
}

/** Runs the commands of one build's steps in its containers. */
export class CommandRunner {
  constructor(private readonly options: CommandRunnerOptions) {}

  /** Rejects with StepFailed for the app's fault. */
  async run(step: BuildStep, container: Docker.Container): Promise<void> {
    const { docker, output, watch } = this.options;
    const env = this.environment(step);
    const hints = new HintFinder(step.hints);
    for (const argv of step.commands) {
      watch.refuseStopped();
      const end = await runInside(docker, container, {
        argv,
        env,
        line: (text) => {
          hints.see(text);
          output.detail(text);
        },
        printed: (bytes) => watch.count(bytes),
        signal: watch.signal,
      });
      watch.refuseStopped();
      const why = failure(end);
      if (why === null) continue;
      const message = `${step.title}: \`${shownCommand(argv)}\` ${why}`;
      if (await ranOutOfMemory(docker, container)) throw new StepFailed(this.outOfMemory(message));
      throw new StepFailed({ ok: false, reason: 'command', message: `${message}.`, hint: hints.found });
    }
  }

  private environment(step: BuildStep): Record<string, string> {
    const caches = Object.entries(step.caches).map(([name, variable]) => [variable, cacheFolder(name)]);
    return {
      ...this.options.env,
      ...step.env,
      ...(isClosed(step) ? {} : this.options.config),
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
