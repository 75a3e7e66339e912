import type Docker from 'dockerode';
import type { BuildStep, PlannedBuildpack } from '../../../../../buildpacks/plan.js';
import { scanTree } from '../../../../shared/tree.js';
import { BuildpackPhases, runnable } from '../../../build/buildpacks.js';
import type { BuildRequest } from '../../../engine.js';
import { files, folders, tree, type Part } from './archives.js';
import type { CommandRunner } from './command-runner.js';
import { APP, BUILD } from './container-options.js';

const CONFIG = `${BUILD}/config`;
const folderOf = (step: string): string => `${BUILD}/buildpacks/${step}`;

/** What the container for a plan's steps gets of its classic buildpacks: a copy of each, and one file a config var. */
export async function buildpackParts(
  { plan, buildpacks, config }: BuildRequest,
  now: number,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const { name, buildpack } of plan.steps) {
    if (buildpack === undefined) continue;
    const from = buildpacks?.get(buildpack.digest);
    if (from === undefined) throw new Error(`the build was not given the buildpack ${buildpack.reference}`);
    parts.push(tree(from, runnable(await scanTree(from)), { to: folderOf(name).slice(1), now }));
  }
  if (parts.length === 0) return [];
  const values = Object.entries(config).map(([name, value]): [string, Buffer] => [
    `${CONFIG.slice(1)}/${name}`,
    Buffer.from(value),
  ]);
  return [...parts, folders([CONFIG.slice(1)], now), files(new Map(values), now, 0o600)];
}

/** Runs the classic buildpacks of one build in its container. */
export class Buildpacks {
  readonly phases: BuildpackPhases;

  constructor(
    request: BuildRequest,
    private readonly commands: CommandRunner,
  ) {
    this.phases = new BuildpackPhases(request);
  }

  /** Rejects with StepFailed where it fails. */
  async run(step: BuildStep, buildpack: PlannedBuildpack, container: Docker.Container): Promise<void> {
    const { commands } = this;
    const env = commands.environment(step);
    await this.phases.run(buildpack, {
      folder: folderOf(step.name),
      app: APP,
      cache: env['CACHE_DIR'] ?? '',
      config: CONFIG,
      run: (argv, line) => commands.command(argv, { what: step.title, container, env, line }),
    });
  }
}
