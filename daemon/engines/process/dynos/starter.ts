import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import type { DynoSpec } from '../../engine.js';
import { checkLaunchable } from '../../launch/launchable.js';
import type { SlugBuilder } from '../builder.js';
import type { Cgroups } from '../host/cgroups.js';
import type { Isolation } from '../host/isolation.js';
import type { Ports } from '../host/ports.js';
import type { Identity } from '../host/processes.js';
import { startShim, type LogBudget } from '../shim/shim.js';
import { DynoFolder, type DynoRecord } from './dyno-folder.js';
import { ADDED, dynoEnvironment, type Environment, type Environments } from './environments.js';
import { isLaunched, untilLaunched } from './launched.js';
import type { Members } from './members.js';

export interface StarterParts {
  readonly dynosDir: string;
  readonly builder: SlugBuilder;
  readonly isolation: Isolation;
  readonly cgroups: Cgroups | null;
  readonly ports: Ports;
  readonly environments: Environments;
  readonly members: Members;
  readonly clock: Clock;
  readonly nodePath: string;
  readonly log: LogBudget;
  readonly bootId: string;
  /** This tfkd. */
  readonly self: Identity;
}

/** Starts dynos. Whatever fails on the way, nothing of the dyno is left. */
export class Starter {
  private readonly starting = new Map<string, Promise<DynoRecord>>();

  constructor(private readonly parts: StarterParts) {}

  /** The second start of an instance answers the first one's record. */
  start(spec: DynoSpec): Promise<DynoRecord> {
    const running = this.starting.get(spec.instance);
    if (running) return running;
    const started = this.startOnce(spec).finally(() => this.starting.delete(spec.instance));
    this.starting.set(spec.instance, started);
    return started;
  }

  /** Frees all that a dyno holds but its processes, which are gone. */
  async free(folder: DynoFolder, record: DynoRecord): Promise<void> {
    await this.removeCgroup(record.instance);
    await folder.remove();
    this.parts.environments.forget(record.instance);
    if (record.port !== null) this.parts.ports.giveBack(record.port);
  }

  private async startOnce(spec: DynoSpec): Promise<DynoRecord> {
    const folder = DynoFolder.of(this.parts.dynosDir, spec.instance);
    const earlier = await this.earlierStart(folder);
    if (earlier) return earlier;
    checkLaunchable(spec.env, spec.command);
    const record = await this.recordOf(spec);
    if (!(await folder.create(record, this.parts.isolation.ownerOf(spec.appNumber)))) {
      throw new TfkError('conflict', `${spec.labels.dyno} is being started by another daemon of this home.`);
    }
    try {
      await this.launch(spec, folder, record);
      return record;
    } catch (error) {
      await this.parts.members.killAll(folder, record);
      await this.free(folder, record);
      throw error;
    }
  }

  /**
   * What a start of this instance has left: a dyno to answer, or, cut off before its command was reached, something to clear
   * away. That somebody looked meanwhile and wrote down its end makes no difference: it has not run.
   */
  private async earlierStart(folder: DynoFolder): Promise<DynoRecord | null> {
    const record = await folder.record();
    if (!record) return null;
    const lives = await this.parts.members.leader(folder, record, 'shim');
    if (lives) await untilLaunched(folder, record, this.parts.clock).catch(() => undefined);
    if (await isLaunched(folder)) return record;
    await this.parts.members.killAll(folder, record);
    // Between the look and the end of all its processes it may have reached its command: then it is not begun again.
    if (await isLaunched(folder)) return record;
    await this.free(folder, record);
    return null;
  }

  private async recordOf(spec: DynoSpec): Promise<DynoRecord> {
    return {
      version: 1,
      instance: spec.instance,
      labels: spec.labels,
      stdio: spec.stdio,
      terminal: spec.terminal !== null,
      limits: spec.limits,
      appNumber: spec.appNumber,
      port: spec.port ? await this.parts.ports.take(await this.heldPorts()) : null,
      bootId: this.parts.bootId,
      variables: [
        ...new Set([...Object.keys(spec.env), ...ADDED.filter((name) => name !== 'PORT' || spec.port)]),
      ],
      startedBy: this.parts.self,
      createdAt: this.parts.clock.now(),
    };
  }

  private async heldPorts(): Promise<Set<number>> {
    const folders = await DynoFolder.all(this.parts.dynosDir);
    const records = await Promise.all(folders.map((folder) => folder.record()));
    return new Set(records.map((record) => record?.port ?? 0));
  }

  private async launch(spec: DynoSpec, folder: DynoFolder, record: DynoRecord): Promise<void> {
    const { builder, isolation, environments, nodePath } = this.parts;
    const owner = isolation.ownerOf(spec.appNumber);
    const launch = await builder.materialise(spec.artifact, folder.app, owner);
    await folder.admit();
    const env = dynoEnvironment(spec, { folder, launch, nodePath, port: record.port });
    await this.startShim(spec, folder, env);
    await untilLaunched(folder, record, this.parts.clock);
    environments.remember(spec.instance, env);
  }

  private async startShim(spec: DynoSpec, folder: DynoFolder, env: Environment): Promise<void> {
    const settings = {
      run: folder.run,
      app: folder.app,
      marker: spec.instance,
      stdio: spec.stdio,
      terminal: spec.terminal,
      cgroups: (await this.parts.cgroups?.create(spec.instance, spec.limits)) ?? [],
      wrapping: this.parts.isolation.wrapping(spec.appNumber),
      log: this.parts.log,
    };
    await startShim(settings, env, spec.command);
  }

  private async removeCgroup(instance: string): Promise<void> {
    // The kernel takes a moment to see that the last process has gone.
    for (let tries = 0; tries < 60; tries++) {
      if ((await this.parts.cgroups?.remove(instance).catch(() => false)) ?? true) return;
      await this.parts.clock.sleep(50);
    }
  }
}
