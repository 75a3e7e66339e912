import type { Artifact, DynoHandle, DynoSpec, TerminalSize } from '../engines/engine.js';
import type { DynoHost } from '../engines/engines.js';
import type { Logs } from '../logs/entry.js';
import { platformLine, startingProcess } from '../logs/platform.js';
import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { Slots } from '../shared/slots.js';
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

/** Starts at once; more only make each other slow. */
const PARALLEL_STARTS = 4;

export interface LauncherDependencies {
  readonly store: Store;
  readonly engine: DynoHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logs: Logs;
  readonly collector: LogCollection;
  readonly health: HealthWatch;
  /** Wakes the reconciler. */
  readonly notify: (appId: string) => void;
}

/** Turns a dyno's row into a process of the engine, with its logs collected and its readiness watched. */
export class Launcher {
  private readonly launching = new Map<string, Promise<void>>();
  private readonly slots = new Slots(PARALLEL_STARTS);

  constructor(private readonly deps: LauncherDependencies) {}

  isLaunching(instance: string): boolean {
    return this.launching.has(instance);
  }

  /**
   * Starts the dyno beside the reconciler: laying out a slug may take a while, and other dynos get ready meanwhile. Until it
   * has started or `failed` was called, the plan leaves the dyno alone.
   */
  begin(dyno: DynoRecord, failed: (error: unknown) => void): void {
    if (this.isLaunching(dyno.instance)) return;
    void this.track(dyno, () =>
      this.slots.run(() => this.start(dyno, NO_EXTRAS)).then(() => undefined, failed),
    );
  }

  /** Starts a dyno that somebody waits for. May be repeated: the engine starts an instance once. Rejects when it cannot. */
  async launch(dyno: DynoRecord, extras: LaunchExtras): Promise<DynoHandle> {
    return new Promise((resolve, reject) => {
      void this.track(dyno, () => this.start(dyno, extras).then(resolve, reject));
    });
  }

  /** Resolves when nothing is being started. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.launching.values());
  }

  private async track(dyno: DynoRecord, work: () => Promise<void>): Promise<void> {
    const tracked = work().finally(() => {
      this.launching.delete(dyno.instance);
      this.deps.notify(dyno.appId);
    });
    this.launching.set(dyno.instance, tracked);
    // Its row stays as it was, and the next plan sees it.
    await tracked.catch((error: unknown) =>
      this.deps.logger.error({ err: error, dyno: dyno.name }, 'what became of a launch could not be noted'),
    );
  }

  private async start(dyno: DynoRecord, extras: LaunchExtras): Promise<DynoHandle> {
    const { logs, engine, store, clock } = this.deps;
    if (!dyno.attached)
      logs.append(dyno.appId, [platformLine(dyno.name, startingProcess(dyno.command), dyno.releaseVersion)]);
    const handle = await engine.start(this.specOf(dyno, extras));
    // Its time to get ready counts from here: it may have waited long for its turn, or for the engine.
    store.dynos.update(dyno.instance, { handle, stateSince: clock.now() });
    this.adopt({ ...dyno, handle });
    return handle;
  }

  /** Takes up the logs and the readiness of a running dyno; also of one that an earlier tfkd launched. */
  adopt(dyno: DynoRecord): void {
    const handle = dyno.handle as DynoHandle | null;
    if (!handle || dyno.state === 'complete') return;
    if (!dyno.attached)
      this.deps.collector.track(dyno.appId, handle, { dyno: dyno.name, releaseVersion: dyno.releaseVersion });
    if (dyno.kind !== 'formation' || dyno.state !== 'starting') return;
    const slug = this.slugOf(dyno);
    const check = readinessOf(dyno.type, slug.healthchecks);
    if (check) this.deps.health.watch(handle, check);
  }

  private specOf(dyno: DynoRecord, extras: LaunchExtras): DynoSpec {
    const app = this.deps.store.apps.find(dyno.appId);
    const release = this.deps.store.releases.byId(dyno.releaseId);
    if (!app || !release) throw new TfkError('gone', `${dyno.name}'s app or release is gone.`);
    const slug = this.slugOf(dyno);
    const { memoryBytes, cpuWeight, pids } = dynoSize(dyno.size);
    return {
      instance: dyno.instance,
      labels: { appId: app.id, dyno: dyno.name, releaseVersion: dyno.releaseVersion },
      appName: app.name,
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
    const release = this.deps.store.releases.byId(dyno.releaseId);
    const slug = release?.slugId == null ? undefined : this.deps.store.slugs.byId(release.slugId);
    if (!slug)
      throw new TfkError('gone', `v${dyno.releaseVersion} has no code to run.`, { hint: 'Push the app.' });
    return slug;
  }
}
