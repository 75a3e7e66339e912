import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isClosed, type BuildStep, type ClosedStep } from '../../../../buildpacks/plan.js';
import { treeDigest, type TreeEntry } from '../../../shared/tree.js';
import { configOf, inputsOf } from '../../build/step-inputs.js';
import type { BuildRequest } from '../../engine.js';
import type { Buildpacks } from './buildpacks.js';
import type { CommandRunner } from './command-runner.js';
import { layOut, makeParents } from './lay-out.js';
import type { Layer, LayerStore } from './layers.js';
import type { Workspace } from './workspace.js';

export interface StepParts {
  readonly request: BuildRequest;
  readonly source: readonly TreeEntry[];
  readonly runtimeVersion: string;
  readonly staging: string;
  readonly layers: LayerStore;
  readonly workspace: Workspace;
  readonly commands: CommandRunner;
  readonly buildpacks: Buildpacks;
  /** Told of each layer as soon as the build relies on it. */
  readonly uses: (key: string) => void;
}

/** Executes the steps of one plan in order, taking from the layer store what was made of the same inputs before. */
export class Steps {
  private readonly current = new Map<string, Layer>();
  private readonly keys: string[] = [];

  constructor(private readonly parts: StepParts) {}

  /** The layers after the last step, and the keys of all that were made or used on the way. */
  async run(): Promise<{ layers: Layer[]; keys: string[] }> {
    const { plan, output } = this.parts.request;
    for (const [index, step] of plan.steps.entries()) {
      output.step(step.title);
      if (isClosed(step)) await this.runClosed(step, index);
      else await this.runOpen(step, index);
    }
    return { layers: [...this.current.values()], keys: this.keys };
  }

  /** A step which sees only its files and the layers before it: run in a folder with just these, once per key. */
  private async runClosed(step: ClosedStep, index: number): Promise<void> {
    const { layers, request, source, staging } = this.parts;
    const files = inputsOf(step, source);
    const key = this.keyOf(step, treeDigest(files));
    this.uses(key);
    const known = await layers.find(key);
    if (known) {
      request.output.detail('Nothing it depends on has changed: taken from the cache');
      this.take(known);
      return;
    }
    const folder = join(staging, `step-${index}`);
    await mkdir(folder);
    await makeParents(
      folder,
      files.map(({ path }) => path),
    );
    await layOut(files, { from: request.sourceDir, to: folder, how: 'copy' });
    for (const layer of this.current.values()) {
      if (!layer.present) continue;
      await mkdir(join(folder, layer.path), { recursive: true });
      await layOut(layer.entries, {
        from: layers.contentOf(layer),
        to: join(folder, layer.path),
        how: 'copy',
      });
    }
    await this.parts.commands.run(step, folder, (argv) => argv);
    this.take(await layers.keep(folder, step.layers, { key, staging: join(staging, `layer-${index}`) }));
  }

  /** A step which sees the whole tree, and may change it: run on each new source. */
  private async runOpen(step: BuildStep, index: number): Promise<void> {
    const { layers, workspace, staging, commands, buildpacks } = this.parts;
    await workspace.prepare([...this.current.values()]);
    if (step.buildpack) await buildpacks.run(step, step.buildpack, workspace.tree);
    else await commands.run(step, workspace.tree, (argv) => buildpacks.phases.afterExports(argv));
    if (step.layers.length === 0) return;
    const kept = { key: null, staging: join(staging, `layer-${index}`) };
    const made = await layers.keep(workspace.tree, step.layers, kept);
    for (const { key } of made) this.uses(key);
    for (const { path } of made) await workspace.forget(path);
    this.take(made);
  }

  private take(layers: readonly Layer[]): void {
    for (const layer of layers) this.current.set(layer.path, layer);
  }

  private uses(key: string): void {
    this.keys.push(key);
    this.parts.uses(key);
  }

  /** All that the step's result depends on. Notes and titles are not part of it. */
  private keyOf(step: ClosedStep, inputs: string): string {
    const before = [...this.current.values()].map(({ path, digest }) => [path, digest]);
    const { commands, env, caches, layers } = step;
    const { runtimeVersion, request } = this.parts;
    const config = request.configKey(configOf(step, request.config));
    const parts = [3, inputs, commands, env, config, Object.keys(caches), layers, runtimeVersion, before];
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  }
}
