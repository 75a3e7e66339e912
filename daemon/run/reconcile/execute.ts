import type { DynoExit, DynoHandle } from '../../engines/engine.js';
import type { DynoHost } from '../../engines/engines.js';
import { EngineUnreachable } from '../../engines/unreachable.js';
import type { Logs } from '../../logs/entry.js';
import * as texts from '../../logs/platform.js';
import type { Clock } from '../../shared/clock.js';
import { messageOf } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { DynoChange, DynoRecord, DynoState } from '../../store/dynos.js';
import type { Store } from '../../store/store.js';
import type { HealthWatch } from '../health.js';
import type { Launcher } from '../launcher.js';
import { missingProgram } from '../missing-program.js';
import { restartAfterCrash } from '../restart-policy.js';
import type { Retirement } from '../retirement.js';
import type { Deadlines } from './plan.js';
import type { Action, Step, StepOf } from './steps.js';

export interface ExecuteDependencies {
  readonly store: Store;
  readonly engine: DynoHost;
  readonly clock: Clock;
  readonly logs: Logs;
  readonly launcher: Launcher;
  readonly health: HealthWatch;
  readonly retirement: Retirement;
  readonly deadlines: Deadlines;
  /** A one-off or release dyno is over, and its last line stored; or a dyno that never began, and its row is gone. */
  readonly completed: (dyno: DynoRecord) => void;
  /** All dynos of a destroyed app are gone: its add-ons, logs and rows may go. */
  readonly appIsEmpty: (appId: string) => Promise<void>;
}

/** Does the steps: one executor per action, and the compiler asks for each. */
export class Executor {
  private readonly executors: { readonly [A in Action]: (step: StepOf<A>) => Promise<void> } = {
    start: (step) => this.start(step),
    launch: ({ dyno }) => this.launch(dyno),
    'mark-up': ({ dyno }) => this.markUp(dyno),
    'boot-timeout': ({ dyno }) => this.bootTimeout(dyno),
    drain: ({ dyno, reason }) => this.drain(dyno, reason),
    stop: ({ dyno, reason }) => this.stop(dyno, reason),
    kill: ({ dyno, overdue }) => this.kill(dyno, overdue),
    crash: (step) => this.crash(step),
    forget: (step) => this.forget(step),
    'give-up': (step) => this.giveUp(step),
    complete: (step) => this.complete(step),
    clean: async ({ dyno }) => this.retire(dyno),
    'remove-stray': (step) => this.removeStray(step),
    'forget-app': ({ appId }) => this.deps.appIsEmpty(appId),
  };

  constructor(private readonly deps: ExecuteDependencies) {}

  async execute(step: Step): Promise<void> {
    await (this.executors[step.action] as (step: Step) => Promise<void>)(step);
  }

  private async start(step: StepOf<'start'>): Promise<void> {
    const { store, clock } = this.deps;
    const instance = newId();
    const inserted = store.transaction(() => {
      const release = this.releaseToRun(step);
      if (!release) return false;
      if (step.replaces !== null) store.dynos.delete(step.replaces);
      store.dynos.insert({
        instance,
        ...release,
        name: `${step.type}.${step.ordinal}`,
        type: step.type,
        kind: 'formation',
        command: step.command,
        size: step.size,
        attached: false,
        attempt: step.attempt,
        createdAt: clock.now(),
        timeLimitMs: null,
      });
      return true;
    });
    const dyno = inserted ? store.dynos.find(instance) : undefined;
    if (dyno) await this.launch(dyno);
  }

  /** The step's release, unless another one became current since the plan was made: then the next plan knows better. */
  private releaseToRun({
    appId,
    releaseId,
  }: StepOf<'start'>): Pick<DynoRecord, 'appId' | 'releaseId' | 'releaseVersion'> | undefined {
    const app = this.deps.store.apps.find(appId);
    const release =
      app?.currentReleaseId === releaseId ? this.deps.store.releases.byId(releaseId) : undefined;
    return release && { appId, releaseId, releaseVersion: release.version };
  }

  private async launch(dyno: DynoRecord): Promise<void> {
    this.deps.launcher.begin(dyno, (error) => {
      // Not the dyno's fault: its row stays as it is, and is launched when the engine is back.
      if (!(error instanceof EngineUnreachable)) this.couldNotStart(dyno, messageOf(error));
    });
  }

  private couldNotStart(dyno: DynoRecord, message: string): void {
    const now = this.deps.clock.now();
    this.log(dyno, `Error: ${message}`);
    if (dyno.kind !== 'formation') {
      this.deps.store.dynos.update(dyno.instance, {
        state: 'complete',
        stateSince: now,
        exitedAt: now,
        message,
      });
      const ended = this.deps.store.dynos.find(dyno.instance);
      if (ended) this.deps.completed(ended);
      return;
    }
    const { attempt, delayMs } = restartAfterCrash(dyno.attempt, null);
    this.update(dyno, 'crashed', { attempt, message, nextStartAt: now + delayMs });
  }

  private async markUp(dyno: DynoRecord): Promise<void> {
    this.deps.health.unwatch(dyno.instance);
    this.update(dyno, 'up', { readyAt: this.deps.clock.now(), message: null });
  }

  private async bootTimeout(dyno: DynoRecord): Promise<void> {
    if (dyno.message === null) {
      const seconds = this.deps.deadlines.bootMs / 1000;
      const elsewhere = await this.listeningElsewhere(dyno);
      this.log(dyno, texts.bootTimeout(seconds));
      if (elsewhere !== null) this.log(dyno, `The process ${elsewhere}`);
      this.log(dyno, texts.stoppingProcess('SIGKILL'));
      const hint = elsewhere === null ? '' : `; it ${elsewhere}`;
      this.deps.store.dynos.update(dyno.instance, { message: `R10: not ready within ${seconds} s${hint}` });
    }
    await this.deps.engine.signal(dyno.handle as DynoHandle, 'SIGKILL');
  }

  /** The commonest cause of R10, if it is that. */
  private async listeningElsewhere(dyno: DynoRecord): Promise<string | null> {
    const handle = dyno.handle as DynoHandle;
    const { listening } = await this.deps.engine.inspect(handle).catch(() => ({ listening: null }));
    const elsewhere = (listening ?? []).filter((port) => port !== handle.address?.port);
    if (elsewhere.length === 0) return null;
    return `listens on ${elsewhere.join(', ')} instead of $PORT (${handle.address?.port ?? 'none'})`;
  }

  private async drain(dyno: DynoRecord, reason: string): Promise<void> {
    this.update(dyno, 'draining', { stopReason: reason });
  }

  private async stop(dyno: DynoRecord, reason: string): Promise<void> {
    this.deps.health.unwatch(dyno.instance);
    // Told first, noted then: the other way round, one that was not told would be killed for not having heard.
    if (dyno.handle !== null) await this.deps.engine.signal(dyno.handle as DynoHandle, 'SIGTERM');
    this.update(dyno, 'stopping', { stopReason: reason });
    if (dyno.handle !== null) this.log(dyno, texts.stopping('SIGTERM'));
  }

  private async kill(dyno: DynoRecord, overdue: boolean): Promise<void> {
    if (overdue && dyno.message === null) {
      this.log(dyno, texts.exitTimeout(this.deps.deadlines.exitMs / 1000));
      this.log(dyno, texts.stoppingRemaining('SIGKILL'));
      this.deps.store.dynos.update(dyno.instance, { message: 'R12: did not exit in time' });
    }
    await this.deps.engine.signal(dyno.handle as DynoHandle, 'SIGKILL');
  }

  private async crash({ dyno, exit, attempt, nextStartAt }: StepOf<'crash'>): Promise<void> {
    this.deps.health.unwatch(dyno.instance);
    const { code, at, outOfMemory } = exit ?? this.unseenExit();
    this.log(dyno, texts.exited(code));
    this.logMissingProgram(dyno, code);
    if (outOfMemory) this.log(dyno, texts.memoryVastlyExceeded());
    this.update(dyno, 'crashed', {
      attempt,
      nextStartAt,
      exitCode: code,
      exitedAt: at,
      message: dyno.message ?? exitMessage(exit, dyno.command),
    });
    this.retire(dyno);
  }

  private async forget({ dyno, exit }: StepOf<'forget'>): Promise<void> {
    this.deps.health.unwatch(dyno.instance);
    if (exit) this.log(dyno, texts.exited(exit.code));
    this.retire(dyno);
    this.deps.store.dynos.delete(dyno.instance);
    // A command that was stopped before it could begin has no other end, and a release waits for that.
    if (dyno.handle === null) this.deps.completed(dyno);
  }

  private async complete({ dyno, exit }: StepOf<'complete'>): Promise<void> {
    const { code, at } = exit ?? this.unseenExit();
    if (!dyno.attached) {
      this.log(dyno, texts.exited(code));
      this.logMissingProgram(dyno, code);
    }
    this.update(dyno, 'complete', {
      exitCode: code,
      exitedAt: at,
      message: dyno.message ?? exitMessage(exit, dyno.command),
    });
    this.retire(dyno, () => {
      const ended = this.deps.store.dynos.find(dyno.instance);
      if (ended) this.deps.completed(ended);
    });
  }

  /** Of a dyno that was gone when tfkd looked. */
  private unseenExit(): DynoExit {
    return { code: null, outOfMemory: false, at: this.deps.clock.now() };
  }

  private async giveUp({ dyno, reason }: StepOf<'give-up'>): Promise<void> {
    const stopReason = `its engine does not answer: ${reason}`;
    this.update(dyno, 'complete', { exitedAt: this.deps.clock.now(), stopReason });
    const ended = this.deps.store.dynos.find(dyno.instance);
    if (ended) this.deps.completed(ended);
  }

  private async removeStray({ stray }: StepOf<'remove-stray'>): Promise<void> {
    if (stray.state.kind === 'running') await this.deps.engine.signal(stray.handle, 'SIGKILL');
    if (stray.state.kind === 'exited') this.deps.retirement.retire(stray.handle, stray.labels, true);
  }

  private retire(dyno: DynoRecord, afterwards?: () => void): void {
    const handle = dyno.handle as DynoHandle | null;
    if (!handle) {
      afterwards?.();
      return;
    }
    const labels = { appId: dyno.appId, dyno: dyno.name, releaseVersion: dyno.releaseVersion };
    this.deps.retirement.retire(handle, labels, !dyno.attached, afterwards);
  }

  private update(dyno: DynoRecord, state: DynoState, change: DynoChange): void {
    this.deps.store.dynos.update(dyno.instance, { ...change, state, stateSince: this.deps.clock.now() });
    const [before, after] = [inHerokusWords(dyno.state), inHerokusWords(state)];
    if (!dyno.attached && before !== after) this.log(dyno, texts.stateChanged(before, after));
  }

  private logMissingProgram(dyno: DynoRecord, status: number | null): void {
    const missing = missingProgram(dyno.command, status);
    if (missing !== null) this.log(dyno, texts.notStarted(missing));
  }

  private log(dyno: DynoRecord, text: string): void {
    this.deps.logs.append(dyno.appId, [texts.platformLine(dyno.name, text, dyno.releaseVersion)]);
  }
}

/** Heroku knows no draining: a dyno which goes is `down`. */
const inHerokusWords = (state: DynoState): string =>
  state === 'draining' || state === 'stopping' ? 'down' : state;

function exitMessage(exit: { code: number | null; outOfMemory: boolean } | null, command: string): string {
  if (!exit) return 'it was gone when tfkd looked (the machine was restarted?)';
  if (exit.outOfMemory) return 'R15: out of memory';
  if (exit.code === null) return 'exited, with a status that nobody saw';
  const missing = missingProgram(command, exit.code);
  return `exited with status ${exit.code}${missing === null ? '' : `: ${missing}`}`;
}
