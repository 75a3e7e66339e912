import { randomInt } from 'node:crypto';
import type { Attachment, DynoHandle, TerminalSize } from '../engines/engine.js';
import type { DynoHost } from '../engines/engines.js';
import type { Logs } from '../logs/entry.js';
import { attachError, platformLine } from '../logs/platform.js';
import type { Clock } from '../shared/clock.js';
import { inWords } from '../shared/duration.js';
import { messageOf, notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { DynoRecord, NewDyno } from '../store/dynos.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { Store } from '../store/store.js';
import { commandOf } from './command-of.js';
import type { Launcher } from './launcher.js';
import { missingProgram } from './missing-program.js';
import { dynoSize } from './sizes.js';

export interface OneOffRequest {
  readonly appId: string;
  /** A command line for the shell, or the name of a process type of the current release: then that type's command. */
  readonly command: string;
  readonly attached: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Null: plain pipes, stdout and stderr apart. */
  readonly terminal: TerminalSize | null;
  readonly size: string | null;
  /** The process type it counts as; `run` when null. */
  readonly type: string | null;
  /** Null: a day, Heroku's limit. */
  readonly timeToLiveMs: number | null;
}

export interface OneOff {
  readonly dyno: DynoRecord;
  /** Its stdio, for one client, once; null for a detached dyno. */
  readonly attachable: { open(): Promise<Attachment>; expire(): void } | null;
}

const DAY_MS = 24 * 60 * 60_000;
/** Per app, as on Heroku's smaller plans. */
const MOST_ONE_OFFS = 50;

export interface OneOffDependencies {
  readonly store: Store;
  readonly engine: DynoHost;
  readonly clock: Clock;
  readonly launcher: Launcher;
  readonly logs: Logs;
  /** How long a release command may take, milliseconds. */
  readonly releaseLimitMs: number;
  readonly notify: (appId: string) => void;
}

/** One-off dynos: admin processes, and release commands. Both run the very slug and config of a release. */
export class OneOffs {
  /** Instances that someone here waits for. */
  private readonly held = new Set<string>();
  private readonly waiting = new Map<string, (dyno: DynoRecord) => void>();

  constructor(private readonly deps: OneOffDependencies) {}

  isHeld(dyno: DynoRecord): boolean {
    return this.held.has(dyno.instance);
  }

  /** The reconciler's word that a dyno of ours has ended. */
  completed(dyno: DynoRecord): void {
    this.waiting.get(dyno.instance)?.(dyno);
    this.waiting.delete(dyno.instance);
  }

  async start(request: OneOffRequest): Promise<OneOff> {
    const release = this.currentRelease(request.appId);
    const dyno = this.insert(release, {
      name: this.freeName(request.appId),
      type: request.type ?? 'run',
      kind: 'one-off',
      command: commandOf(request.command, release.processTypes),
      size: dynoSize(request.size ?? 'standard-1x').name,
      attached: request.attached,
      timeLimitMs: request.timeToLiveMs ?? DAY_MS,
    });
    if (request.attached) this.held.add(dyno.instance);
    try {
      const handle = await this.deps.launcher.launch(dyno, { env: request.env, terminal: request.terminal });
      this.deps.notify(request.appId);
      const attachable = request.attached ? this.attachable(dyno, handle) : null;
      return { dyno: this.deps.store.dynos.find(dyno.instance) ?? dyno, attachable };
    } catch (error) {
      this.held.delete(dyno.instance);
      this.deps.store.dynos.update(dyno.instance, { stopReason: 'it could not be started' });
      this.deps.notify(request.appId);
      throw error instanceof TfkError
        ? error
        : new TfkError('unavailable', `The dyno could not be started: ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * Runs the release command of a release, or waits for the dyno that an earlier tfkd started for it. Null: it succeeded;
   * else why not.
   */
  runReleaseCommand(release: ReleaseRecord): Promise<string | null> {
    const command = release.processTypes['release'] ?? '';
    const failure = async (ended: DynoRecord): Promise<string | null> => failureOf(ended);
    return this.runOnce(release, { name: `release.${release.version}`, type: 'release', command }, failure);
  }

  /** Runs app.json's postdeploy script, or waits for the dyno that an earlier tfkd started for it. */
  runPostdeploy(
    release: ReleaseRecord,
    command: string,
    ended: (dyno: DynoRecord) => Promise<void>,
  ): Promise<void> {
    return this.runOnce(release, { name: 'postdeploy.1', type: 'postdeploy', command }, ended);
  }

  /**
   * A command of tfkd's own, also over a restart: its dyno's row stays until `ended` has resolved, so that a later tfkd finds it
   * and does not run it again.
   */
  private async runOnce<T>(
    release: ReleaseRecord,
    spec: Pick<NewDyno, 'name' | 'type' | 'command'>,
    ended: (dyno: DynoRecord) => Promise<T>,
  ): Promise<T> {
    const dyno =
      this.deps.store.dynos
        .list(release.appId)
        .find(
          ({ kind, name, releaseId }) => kind === 'release' && name === spec.name && releaseId === release.id,
        ) ??
      this.insert(release, {
        ...spec,
        kind: 'release',
        size: 'Standard-1X',
        attached: false,
        timeLimitMs: this.deps.releaseLimitMs,
      });
    this.held.add(dyno.instance);
    try {
      return await ended(await this.untilComplete(dyno));
    } finally {
      this.held.delete(dyno.instance);
    }
  }

  private untilComplete(dyno: DynoRecord): Promise<DynoRecord> {
    if (dyno.state === 'complete') return Promise.resolve(dyno);
    return new Promise((resolve) => {
      this.waiting.set(dyno.instance, resolve);
      // Its row says `starting` without a process: the reconciler launches it.
      this.deps.notify(dyno.appId);
    });
  }

  private attachable(dyno: DynoRecord, handle: DynoHandle): OneOff['attachable'] {
    const letGo = (): void => {
      this.held.delete(dyno.instance);
      this.deps.notify(dyno.appId);
    };
    const open = async (): Promise<Attachment> => {
      const attachment = await this.deps.engine.attach(handle);
      attachment.exited.then(letGo, letGo);
      return attachment;
    };
    const expire = (): void => {
      this.deps.logs.append(dyno.appId, [platformLine(dyno.name, attachError(), dyno.releaseVersion)]);
      letGo();
    };
    return { open, expire };
  }

  private insert(
    release: ReleaseRecord,
    dyno: Pick<NewDyno, 'name' | 'type' | 'kind' | 'command' | 'size' | 'attached' | 'timeLimitMs'>,
  ): DynoRecord {
    const instance = newId();
    this.deps.store.dynos.insert({
      ...dyno,
      instance,
      appId: release.appId,
      releaseId: release.id,
      releaseVersion: release.version,
      attempt: 0,
      createdAt: this.deps.clock.now(),
    });
    const inserted = this.deps.store.dynos.find(instance);
    if (!inserted) throw notFound('app', 'The app is gone.');
    return inserted;
  }

  private currentRelease(appId: string): ReleaseRecord {
    const { store } = this.deps;
    const release = store.releases.current(appId);
    if (!release) throw notFound('app', 'There is no such app.');
    if (release.slugId === null) {
      throw new TfkError('conflict', 'The app has no code yet, so there is nothing to run.', {
        hint: 'Type: tfk push',
      });
    }
    return release;
  }

  private freeName(appId: string): string {
    const taken = new Set(
      this.deps.store.dynos
        .list(appId)
        .filter((dyno) => dyno.kind === 'one-off')
        .map((dyno) => dyno.name),
    );
    if (taken.size >= MOST_ONE_OFFS) {
      throw new TfkError('rate_limit', `${MOST_ONE_OFFS} one-off dynos of this app are running already.`, {
        hint: 'Stop some: tfk ps, then tfk ps:stop run.NNNN',
      });
    }
    let name: string;
    do name = `run.${randomInt(1000, 10_000)}`;
    while (taken.has(name));
    return name;
  }
}

function failureOf(dyno: DynoRecord): string | null {
  if (dyno.exitCode === 0) return null;
  if (dyno.stopReason === 'time limit')
    return `the release command took longer than ${inWords(dyno.timeLimitMs ?? 0)}`;
  if (dyno.stopReason === 'stopped') return 'the release command was stopped by a user';
  if (dyno.stopReason !== null) return `the release command was stopped: ${dyno.stopReason}`;
  if (dyno.exitCode === null)
    return dyno.message ?? 'the release command ended, with a status that nobody saw';
  const missing = missingProgram(dyno.command, dyno.exitCode);
  return `the release command exited with status ${dyno.exitCode}${missing === null ? '' : `: ${missing}`}`;
}
