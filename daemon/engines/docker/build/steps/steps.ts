import type Docker from 'dockerode';
import { isClosed, type BuildStep, type ClosedStep } from '../../../../../buildpacks/plan.js';
import { treeDigest, type TreeEntry } from '../../../../shared/tree.js';
import { configOf, inputsOf } from '../../../build/step-inputs.js';
import type { BuildRequest } from '../../../engine.js';
import type { BaseImage } from '../base-images.js';
import { tree, type Part } from './archives.js';
import type { Buildpacks } from './buildpacks.js';
import type { CommandRunner } from './command-runner.js';
import { APP } from './container-options.js';
import type { BuildContainers } from './containers.js';
import { stepKey } from './keys.js';
import { bare, type LayerImages, type Layers } from './layers.js';
import type { Workspace } from './workspace.js';

export interface StepParts {
  readonly request: BuildRequest;
  readonly base: BaseImage;
  /** Of the app's step keys. */
  readonly salt: string;
  readonly source: readonly TreeEntry[];
  readonly layers: LayerImages;
  readonly workspace: Workspace;
  readonly containers: BuildContainers;
  readonly commands: CommandRunner;
  readonly buildpacks: Buildpacks;
  /** What every container for steps gets besides the app. */
  readonly equipment: readonly Part[];
  readonly now: number;
  /** Told of each layer as soon as the build relies on it. */
  readonly uses: (key: string) => void;
}

/** Executes the steps of one plan in order, taking from the layer images what was made of the same inputs before. */
export class Steps {
  private current: Layers;
  private readonly keys: string[] = [];

  constructor(private readonly parts: StepParts) {
    this.current = bare(parts.base);
  }

  /** The layers after the last step, and the keys of all that were made or used on the way. */
  async run(): Promise<{ readonly layers: Layers; readonly keys: readonly string[] }> {
    const { plan, output } = this.parts.request;
    for (const [index, step] of plan.steps.entries()) {
      output.step(step.title);
      if (isClosed(step)) await this.runClosed(step);
      else await this.runOpen(step, index);
    }
    return { layers: this.current, keys: this.keys };
  }

  /** A step which sees only its files and the layers before it: run in a container with just these, once per key. */
  private async runClosed(step: ClosedStep): Promise<void> {
    const { layers, request, source, base, salt } = this.parts;
    const files = inputsOf(step, source);
    const inputs = treeDigest(files);
    const config = request.configKey(configOf(step, request.config));
    const key = stepKey(step, { salt, baseId: base.id, inputs, config, previous: this.current.key });
    this.uses(key);
    const known = await layers.find(key, this.current, step.layers);
    if (known) {
      request.output.detail('Nothing it depends on has changed: taken from the cache');
      this.current = known;
      return;
    }
    this.current = await this.make(step, key, files);
  }

  private async make(step: ClosedStep, key: string, files: readonly TreeEntry[]): Promise<Layers> {
    const { containers, commands, layers, equipment, request, now } = this.parts;
    const container = await containers.forSteps(this.current.image);
    const inputs = tree(request.sourceDir, files, { to: APP.slice(1), now });
    await containers.fill(container, [...equipment, inputs]);
    await containers.start(container);
    await commands.run(step, container, (argv) => argv);
    await containers.end(container);
    const made = await layers.make(key, container, { before: this.current, made: step.layers });
    await containers.remove(container);
    return made;
  }

  /** A step which sees the whole tree, and may change it: run on each new source. */
  private async runOpen(step: BuildStep, index: number): Promise<void> {
    const { workspace, commands, buildpacks } = this.parts;
    const container = await workspace.prepare(this.current);
    if (step.buildpack) await buildpacks.run(step, step.buildpack, container);
    else await commands.run(step, container, (argv) => buildpacks.phases.afterExports(argv));
    if (step.layers.length > 0 && this.isSeenByClosed(index)) await this.capture(step, container);
  }

  /** Makes layers of what an open step made, for the closed steps that follow. */
  private async capture(step: BuildStep, container: Docker.Container): Promise<void> {
    const { layers, source, base, salt, workspace, request } = this.parts;
    const inputs = treeDigest(source);
    const config = request.configKey(request.config);
    const key = stepKey(step, { salt, baseId: base.id, inputs, config, previous: this.current.key });
    this.uses(key);
    this.current = await layers.make(key, container, { before: this.current, made: step.layers });
    workspace.forget(step.layers);
  }

  private isSeenByClosed(index: number): boolean {
    return this.parts.request.plan.steps.slice(index + 1).some(isClosed);
  }

  private uses(key: string): void {
    this.keys.push(key);
    this.parts.uses(key);
  }
}
