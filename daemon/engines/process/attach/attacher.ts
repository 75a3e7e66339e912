import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { Attachment, ExecRequest } from '../../engine.js';
import { checkLaunchable } from '../../launch/launchable.js';
import { DynoFolder, type DynoRecord } from '../dynos/dyno-folder.js';
import { MARKER, type Environment, type Environments } from '../dynos/environments.js';
import { untilExited, untilLaunched } from '../dynos/launched.js';
import type { Members } from '../dynos/members.js';
import type { Observer } from '../dynos/observe.js';
import type { Cgroups } from '../host/cgroups.js';
import type { Isolation } from '../host/isolation.js';
import { startShim, type LogBudget } from '../shim/shim.js';
import { attachTo } from './process-attachment.js';

export interface AttacherParts {
  readonly clock: Clock;
  readonly members: Members;
  readonly observer: Observer;
  readonly environments: Environments;
  readonly isolation: Isolation;
  readonly cgroups: Cgroups | null;
  readonly log: LogBudget;
}

/** Gives callers the live stdio of dynos, and of further processes in them. */
export class Attacher {
  private readonly attached = new Set<string>();

  constructor(private readonly parts: AttacherParts) {}

  async attach(folder: DynoFolder, record: DynoRecord): Promise<Attachment> {
    if (record.stdio !== 'attached') throw refused(record, 'writes to the log');
    if (this.attached.has(record.instance)) throw refused(record, 'is attached to already');
    this.attached.add(record.instance);
    return this.open(folder, record);
  }

  /** The dyno is removed: its name may be forgotten. */
  forget(instance: string): void {
    this.attached.delete(instance);
  }

  /** Runs under a shim of its own, whose folder stands in the dyno's and goes when it has ended. */
  async exec(folder: DynoFolder, record: DynoRecord, request: ExecRequest): Promise<Attachment> {
    const state = await this.parts.observer.observe(folder, record);
    if (state.kind !== 'running') throw refused(record, 'does not run');
    const dyno = await this.parts.environments.of(folder, record);
    const env = { ...dyno, ...request.env, [MARKER]: record.instance };
    checkLaunchable(env, request.command);
    const inner = DynoFolder.of(folder.run, `exec.${newId()}`);
    const own = { ...record, instance: inner.instance, terminal: request.terminal !== null, port: null };
    await inner.create(own, undefined);
    try {
      await this.launch(inner, { folder, record, request, env });
      await untilLaunched(inner, own, this.parts.clock);
      const attachment = await this.open(inner, own);
      void attachment.exited.catch(() => undefined).then(() => inner.remove());
      return attachment;
    } catch (error) {
      await this.parts.members.killAll(inner, own);
      await inner.remove();
      throw error;
    }
  }

  private async launch(
    inner: DynoFolder,
    outer: { folder: DynoFolder; record: DynoRecord; request: ExecRequest; env: Environment },
  ): Promise<void> {
    const { cgroups, isolation, log } = this.parts;
    const limited = ((await cgroups?.members(outer.record.instance)) ?? []).length > 0;
    const settings = {
      run: inner.run,
      app: outer.folder.app,
      // The dyno's own processes carry its mark: at the end of this one they stay.
      marker: '',
      stdio: 'attached' as const,
      terminal: outer.request.terminal,
      cgroups: limited ? (cgroups?.entrances(outer.record.instance) ?? []) : [],
      wrapping: isolation.wrapping(outer.record.appNumber),
      log,
    };
    await startShim(settings, outer.env, outer.request.command);
  }

  private open(folder: DynoFolder, record: DynoRecord): Promise<Attachment> {
    const { members, clock } = this.parts;
    const target = {
      run: folder.run,
      terminal: record.terminal,
      exit: () => untilExited(folder, record, this.parts),
      signal: (signal: Parameters<Members['signal']>[2]) => members.signal(folder, record, signal),
      tty: async () => ((await members.leader(folder, record)) ? ttyOf(folder) : null),
    };
    return attachTo(target, clock);
  }
}

async function ttyOf(folder: DynoFolder): Promise<string | null> {
  const text = await readFile(folder.file('pid'), 'utf8').catch(() => '');
  return text.trim().split(' ')[2] ?? null;
}

function refused(record: DynoRecord, why: string): TfkError {
  return new TfkError('conflict', `${record.labels.dyno} ${why}.`, {
    hint: 'See `tfk ps` for the dynos that run.',
  });
}
