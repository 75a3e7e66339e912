import type { Artifact, DynoHandle, DynoSpec, Engine, TerminalSize } from '../engines/engine.js';
import type { Logs } from '../logs/entry.js';
import { platformLine, startingProcess } from '../logs/platform.js';
import { TfkError } from '../shared/errors.js';
import type { DynoRecord } from '../store/dynos.js';
import type { Store } from '../store/store.js';
import { dynoEnvironment } from './environment.js';
import type { HealthWatch } from './health.js';
import { readinessOf } from './healthchecks.js';
import type { LogCollection } from './retirement.js';
import { dynoSize } from './sizes.js';

/** What a one-off may have beyond its row; not stored, since it may hold secrets. */
export interface LaunchExtras {
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: TerminalSize | null;
}

const NO_EXTRAS: LaunchExtras = { env: {}, terminal: null };

/** Turns a dyno's row into a process of the engine, with its logs collected and its readiness watched. */
export class Launcher {
  private readonly launching = new Set<string>();

  constructor(
    private readonly store: Store,
    private readonly engine: Engine,
    private readonly logs: Logs,
    private readonly collector: LogCollection,
    private readonly health: HealthWatch,
  ) {}

  isLaunching(instance: string): boolean {
    return this.launching.has(instance);
  }

  /** May be repeated: the engine starts an instance once. Rejects when the engine cannot start it. */
  async launch(dyno: DynoRecord, extras: LaunchExtras = NO_EXTRAS): Promise<DynoHandle> {
    this.launching.add(dyno.instance);
    try {
      if (!dyno.attached)
        this.logs.append(dyno.appId, [
          platformLine(dyno.name, startingProcess(dyno.command), dyno.releaseVersion),
        ]);
      const handle = await this.engine.start(this.specOf(dyno, extras));
      this.store.dynos.update(dyno.instance, { handle });
      this.adopt({ ...dyno, handle });
      return handle;
    } finally {
      this.launching.delete(dyno.instance);
    }
  }

  /** Takes up the logs and the readiness of a running dyno; also of one that an earlier tfkd launched. */
  adopt(dyno: DynoRecord): void {
    const handle = dyno.handle as DynoHandle | null;
    if (!handle || dyno.state === 'complete') return;
    if (!dyno.attached)
      this.collector.track(dyno.appId, handle, { dyno: dyno.name, releaseVersion: dyno.releaseVersion });
    if (dyno.kind !== 'formation' || dyno.state !== 'starting') return;
    const slug = this.slugOf(dyno);
    const check = readinessOf(dyno.type, slug.healthchecks);
    if (check) this.health.watch(handle, check);
  }

  private specOf(dyno: DynoRecord, extras: LaunchExtras): DynoSpec {
    const app = this.store.apps.find(dyno.appId);
    const release = this.store.releases.byId(dyno.releaseId);
    if (!app || !release) throw new TfkError('gone', `${dyno.name}'s app or release is gone.`);
    const slug = this.slugOf(dyno);
    const { memoryBytes, cpuWeight, pids } = dynoSize(dyno.size);
    return {
      instance: dyno.instance,
      labels: { appId: app.id, dyno: dyno.name, releaseVersion: dyno.releaseVersion },
      artifact: slug.artifact as Artifact,
      command: dyno.command,
      env: { ...dynoEnvironment(app, release, slug, dyno.name), ...extras.env },
      port: dyno.type === 'web' && dyno.kind === 'formation',
      limits: { memoryBytes, cpuWeight, pids },
      appNumber: app.number,
      stdio: dyno.attached ? 'attached' : 'logged',
      terminal: extras.terminal,
    };
  }

  private slugOf(dyno: DynoRecord): NonNullable<ReturnType<Store['slugs']['byId']>> {
    const release = this.store.releases.byId(dyno.releaseId);
    const slug = release?.slugId == null ? undefined : this.store.slugs.byId(release.slugId);
    if (!slug)
      throw new TfkError('gone', `v${dyno.releaseVersion} has no code to run.`, { hint: 'Push the app.' });
    return slug;
  }
}
