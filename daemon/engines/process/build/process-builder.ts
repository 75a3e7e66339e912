import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { BuildPlan } from '../../../../buildpacks/plan.js';
import { TfkError, codeOf } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/logger.js';
import { scanTree, treeDigest, type TreeEntry } from '../../../shared/tree.js';
import { leftOutBy } from '../../build/left-out.js';
import { refuseLarge } from '../../build/slug-limit.js';
import { StepFailed } from '../../build/step-failed.js';
import type { Artifact, BuildRequest, BuildResult, Unstartable } from '../../engine.js';
import type { SlugBuilder, SlugLaunch, SlugOwner } from '../builder.js';
import { send } from '../host/kill.js';
import type { Processes } from '../host/processes.js';
import type { Toolchains } from '../toolchains/toolchains.js';
import { Buildpacks } from './buildpacks.js';
import { CommandRunner } from './command-runner.js';
import { equipmentOf, type Equipment } from './equipment.js';
import { leaveOut } from './exclude.js';
import { BuildFolders } from './folders.js';
import { GarbageCollector, type Using } from './garbage.js';
import { KnownBuilds, type Built } from './known-builds.js';
import { LayerStore } from './layers.js';
import { packed } from './pack.js';
import { findUnstartable } from './programs.js';
import { tryToRemoveTree } from './remove.js';
import { SlugStore, slugSize } from './slugs.js';
import { Steps } from './steps.js';
import { Workspace } from './workspace.js';

export interface ProcessBuilderOptions {
  /** `$TFK_HOME`. */
  readonly home: string;
  /** The PATH of build commands, behind the folders of the plan's languages. */
  readonly path: string;
  readonly toolchains: Toolchains;
  readonly processes: Processes;
  readonly logger: Logger;
}

/** With what is to be said of it once, and is not kept. */
interface Made extends Built {
  readonly unstartable?: readonly Unstartable[];
}

/** In the environment of every process of a build, so that none outlives it unseen: the path of its staging folder. */
const MARKER = 'TFK_BUILD_FOLDER';

/** Builds on the host itself: steps are plain processes in a staging folder, slugs and layers are plain folders. */
export class ProcessBuilder implements SlugBuilder {
  private readonly folders: BuildFolders;
  private readonly layers: LayerStore;
  private readonly slugs: SlugStore;
  private readonly known: KnownBuilds;
  private readonly garbage: GarbageCollector;
  private swept: Promise<void> | undefined;
  /** Names of the staging folders of builds under way. */
  private readonly busy = new Set<string>();

  constructor(private readonly options: ProcessBuilderOptions) {
    this.folders = new BuildFolders(options.home);
    this.layers = new LayerStore(this.folders);
    this.slugs = new SlugStore(this.folders, this.layers);
    this.known = new KnownBuilds(this.folders, this.slugs);
    this.garbage = new GarbageCollector(this.folders, this.slugs, options.logger);
  }

  async build(request: BuildRequest): Promise<BuildResult> {
    await this.recover();
    const using = this.garbage.startUsing();
    const name = this.claimName(request);
    try {
      return await this.buildAs(name, request, using);
    } finally {
      this.busy.delete(name);
      using.end();
    }
  }

  async runtimeOf(plan: BuildPlan): Promise<string> {
    const found = await equipmentOf(plan, this.options.toolchains);
    return found.ok ? found.equipment.identity : 'none';
  }

  hasArtifact(artifact: Artifact): Promise<boolean> {
    return this.slugs.isWhole(artifact);
  }

  /** As Engine.pack. No collection of garbage takes the files away under the reader. */
  async pack(artifact: Artifact): Promise<Readable> {
    const using = this.garbage.startUsing();
    using.add(artifact.id);
    for (const key of (await this.slugs.manifest(artifact))?.keys ?? []) using.add(key);
    try {
      return packed(await this.slugs.files(artifact), () => using.end());
    } catch (error) {
      using.end();
      throw error;
    }
  }

  /** Forgets what tools keep between an app's builds; the next one downloads anew. */
  purgeCache(appId: string): Promise<void> {
    return this.folders.forgetCaches(appId);
  }

  /** Must be given all artifacts that any release or slug row names; builds that run meanwhile are safe. */
  collectGarbage(keep: readonly Artifact[]): Promise<number> {
    return this.garbage.collect(keep);
  }

  materialise(artifact: Artifact, targetDir: string, owner?: SlugOwner): Promise<SlugLaunch> {
    return this.slugs.layOut(artifact, targetDir, owner);
  }

  /** As SlugBuilder.recover; done once, at the latest before the first build. */
  recover(): Promise<void> {
    this.swept ??= this.sweep().catch((error: unknown) => {
      this.swept = undefined;
      throw error;
    });
    return this.swept;
  }

  /**
   * All builds of an app lie in one place, one after the other: what tools keep between builds (Next.js, webpack, Cargo) holds
   * for the very paths it was made for. Should two run at once, the second goes elsewhere.
   */
  private claimName({ appId, buildId }: BuildRequest): string {
    const name = this.busy.has(appId) ? buildId : appId;
    this.busy.add(name);
    return name;
  }

  private async buildAs(name: string, request: BuildRequest, using: Using): Promise<BuildResult> {
    const staging = await this.folders.stagingOf(name);
    try {
      const made = await this.make(request, { staging, uses: using.add });
      using.add(made.artifact.id);
      return { ok: true, ...made, image: null };
    } catch (error) {
      return faultOf(error, request.signal);
    } finally {
      await tryToRemoveTree(staging, this.options.logger);
    }
  }

  private async make(
    request: BuildRequest,
    place: { readonly staging: string; readonly uses: (key: string) => void },
  ): Promise<Made> {
    const { plan, sourceDir, output } = request;
    const found = await equipmentOf(plan, this.options.toolchains);
    if (!found.ok) throw new StepFailed({ ok: false, reason: 'runtime', message: found.message });
    const { equipment } = found;
    for (const name of equipment.names) output.detail(`Using ${name} of this machine`);
    const source = await scanTree(sourceDir);
    const inputs = createHash('sha256')
      .update(
        JSON.stringify([4, treeDigest(source), plan, equipment.identity, request.configKey(request.config)]),
      )
      .digest('hex');
    const known = await this.known.find(inputs, place.uses);
    if (known) return known;
    const made = await this.execute(request, { ...place, source, equipment });
    await this.known.remember(inputs, made);
    return made;
  }

  private async execute(
    request: BuildRequest,
    place: {
      readonly staging: string;
      readonly uses: (key: string) => void;
      readonly source: readonly TreeEntry[];
      readonly equipment: Equipment;
    },
  ): Promise<Made> {
    const { plan, sourceDir, limits } = request;
    const { layers: store } = this;
    const { equipment } = place;
    const commands = this.commandRunner(request, place.staging, equipment);
    const source = { dir: sourceDir, entries: place.source };
    const buildpacks = new Buildpacks(request, place.staging, commands);
    const workspace = new Workspace(place.staging, store, source);
    const steps = new Steps({
      ...place,
      runtimeVersion: equipment.identity,
      request,
      layers: store,
      workspace,
      commands,
      buildpacks,
    });
    const { layers: all, keys } = await steps
      .run()
      .finally(() => this.endProcesses(place.staging, commands.started));
    commands.refuseStopped();
    const isLeftOut = leftOutBy(plan.exclude);
    const layers = all.filter(({ path }) => !isLeftOut(path));
    const { tree, removed } = await workspace.finish(layers);
    const entries = await leaveOut(tree, plan.exclude);
    refuseLarge(slugSize({ entries, layers }), limits.slugBytes);
    const inLayers = layers.map(({ path }) => path);
    const unstartable = await findUnstartable(request.programs ?? [], tree, inLayers);
    const launch = { path: plan.launchPath, hostPath: equipment.launchPath };
    const content = { tree, entries, layers, removed, keys, launch };
    const artifact = await this.slugs.keep(content, join(place.staging, 'slug'));
    return { artifact, release: buildpacks.phases.release, unstartable };
  }

  private commandRunner(request: BuildRequest, staging: string, equipment: Equipment): CommandRunner {
    return new CommandRunner(request, {
      folders: this.folders,
      path: [...equipment.path, this.options.path].join(':'),
      toolEnv: equipment.env,
      scratch: staging,
      marker: [MARKER, staging],
    });
  }

  /** Commands end with their process group; this finds those who left it. */
  private async endProcesses(staging: string, started: boolean): Promise<void> {
    if (!started) return;
    for (const pid of await this.options.processes.withVariable(`${MARKER}=${staging}`)) send(pid, 'SIGKILL');
  }

  private async sweep(): Promise<void> {
    await this.folders.create();
    for (const name of await readdir(this.folders.staging)) {
      const staging = join(this.folders.staging, name);
      await this.endProcesses(staging, true);
      await tryToRemoveTree(staging, this.options.logger);
    }
    await this.garbage.sweep();
  }
}

function faultOf(error: unknown, signal: AbortSignal): BuildResult {
  if (error instanceof StepFailed) return error.fault;
  if (signal.aborted) return { ok: false, reason: 'cancelled', message: 'The build was cancelled.' };
  if (codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT') {
    throw new TfkError(
      'insufficient_storage',
      'The disk became full during the build; nothing of it was kept.',
      {
        hint: 'Free some space and push again; `tfk doctor` shows what there is.',
        cause: error,
      },
    );
  }
  throw error;
}
