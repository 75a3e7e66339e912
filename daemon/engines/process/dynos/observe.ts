import { messageOf } from '../../../shared/errors.js';
import type { DynoExit, ObservedState } from '../../engine.js';
import type { Cgroups } from '../host/cgroups.js';
import { parseIdentity, type Liveness, type Processes } from '../host/processes.js';
import type { DynoFolder, DynoRecord } from './dyno-folder.js';

const KILLED = 137;
/** In the file `exit`, where nobody was left to write the code. */
const CODE_LOST = '-';
/** Made by tfkd itself when it kills a dyno for its memory, where the kernel does not. */
export const OUT_OF_MEMORY = 'out-of-memory';

export interface ObserverParts {
  readonly processes: Processes;
  readonly cgroups: Cgroups | null;
  readonly bootId: string;
}

/** Tells from its folder and the process table how a dyno is. */
export class Observer {
  constructor(private readonly parts: ObserverParts) {}

  async observe(folder: DynoFolder, record: DynoRecord): Promise<ObservedState> {
    try {
      return (await this.exited(folder)) ?? (await this.without(folder, record));
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) };
    }
  }

  /**
   * Is the process that wrote `<name>` with its identity still there? `dead` when none was written, and after another boot,
   * where a stranger may have the very pid and start time.
   */
  async liveness(folder: DynoFolder, record: DynoRecord, name: 'shim' | 'pid' | 'logger'): Promise<Liveness> {
    if (record.bootId !== this.parts.bootId) return 'dead';
    const identity = parseIdentity((await folder.text(name)) ?? '');
    return identity ? this.parts.processes.liveness(identity) : 'dead';
  }

  private async exited(folder: DynoFolder): Promise<ObservedState | null> {
    const text = await folder.text('exit');
    const at = await folder.modifiedAt('exit');
    if (text === null || at === null) return null;
    const code = text.trim() === CODE_LOST ? null : Number(text);
    return { kind: 'exited', exit: { code, outOfMemory: await this.outOfMemory(folder, code), at } };
  }

  private async without(folder: DynoFolder, record: DynoRecord): Promise<ObservedState> {
    const lives = await this.livenessOfAny(folder, record);
    if (lives === 'alive') return { kind: 'running' };
    if (lives === 'unknown')
      return { kind: 'unknown', reason: 'the system does not say whether it still runs' };
    // The code may have been written after the first look.
    const late = await this.exited(folder);
    if (late) return late;
    if (await this.isBeingStarted(folder, record)) {
      return { kind: 'unknown', reason: 'it is being started' };
    }
    // It may have been started after the first look; and what is noted next would end a dyno that runs.
    if ((await this.livenessOfAny(folder, record)) !== 'dead')
      return { kind: 'unknown', reason: 'it has just been started' };
    const last = await this.exited(folder);
    if (last) return last;
    await folder.write('exit', `${CODE_LOST}\n`);
    return (await this.exited(folder)) ?? { kind: 'unknown', reason: 'its folder went away' };
  }

  private async livenessOfAny(folder: DynoFolder, record: DynoRecord): Promise<Liveness> {
    const dyno = await this.liveness(folder, record, 'pid');
    return dyno === 'dead' ? this.liveness(folder, record, 'shim') : dyno;
  }

  private async isBeingStarted(folder: DynoFolder, record: DynoRecord): Promise<boolean> {
    if (record.bootId !== this.parts.bootId) return false;
    if ((await folder.has('aborted')) || parseIdentity((await folder.text('pid')) ?? '')) return false;
    return (await this.parts.processes.liveness(record.startedBy)) !== 'dead';
  }

  /** Only where it is known, and only when it was the end of the dyno: the kernel may have killed a child alone. */
  private async outOfMemory(folder: DynoFolder, code: DynoExit['code']): Promise<boolean> {
    if (code !== KILLED) return false;
    if (await folder.has(OUT_OF_MEMORY)) return true;
    return (await this.parts.cgroups?.killedForMemory(folder.instance)) ?? false;
  }
}
