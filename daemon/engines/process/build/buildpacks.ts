import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildStep, PlannedBuildpack } from '../../../../buildpacks/plan.js';
import { scanTree } from '../../../shared/tree.js';
import { BuildpackPhases, runnable } from '../../build/buildpacks.js';
import type { BuildRequest } from '../../engine.js';
import type { CommandRunner } from './command-runner.js';
import { layOut } from './lay-out.js';

/** The classic buildpacks of one build; all they are given lies in its staging folder beside the tree, and goes with it. */
export class Buildpacks {
  readonly phases: BuildpackPhases;
  private config: Promise<string> | undefined;

  constructor(
    private readonly request: BuildRequest,
    private readonly staging: string,
    private readonly commands: CommandRunner,
  ) {
    this.phases = new BuildpackPhases(request);
  }

  /** Rejects with StepFailed where it fails. */
  async run(step: BuildStep, buildpack: PlannedBuildpack, tree: string): Promise<void> {
    const { commands } = this;
    const env = await commands.environment(step);
    await this.phases.run(buildpack, {
      folder: await this.layOut(step.name, buildpack),
      app: tree,
      cache: env['CACHE_DIR'] ?? '',
      config: await (this.config ??= this.writeConfig()),
      run: (argv, line) => commands.command(argv, { cwd: tree, env, line }),
    });
  }

  private async layOut(name: string, { reference, digest }: PlannedBuildpack): Promise<string> {
    const from = this.request.buildpacks?.get(digest);
    if (from === undefined) throw new Error(`the build was not given the buildpack ${reference}`);
    const to = join(this.staging, name);
    await mkdir(to, { mode: 0o700 });
    await layOut(runnable(await scanTree(from)), { from, to, how: 'copy' });
    return to;
  }

  /** One file a config var, for the eyes of this user only. */
  private async writeConfig(): Promise<string> {
    const folder = join(this.staging, 'config');
    await mkdir(folder, { mode: 0o700 });
    for (const [name, value] of Object.entries(this.request.config))
      await writeFile(join(folder, name), value, { mode: 0o600 });
    return folder;
  }
}
