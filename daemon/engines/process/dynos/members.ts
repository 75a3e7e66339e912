import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import type { DynoSignal } from '../../engine.js';
import type { Cgroups } from '../host/cgroups.js';
import { send } from '../host/kill.js';
import { parseIdentity, type Identity, type Processes } from '../host/processes.js';
import type { DynoFolder, DynoRecord } from './dyno-folder.js';
import { MARKER } from './environments.js';

const KILL_ROUNDS = 250;
const ROUND_MS = 20;

export interface MemberParts {
  readonly processes: Processes;
  readonly cgroups: Cgroups | null;
  readonly bootId: string;
  readonly clock: Clock;
}

/** The processes of a dyno: those it shows, and those it hides. */
export class Members {
  constructor(private readonly parts: MemberParts) {}

  /** The dyno's first process, if it still is that one. */
  async leader(
    folder: DynoFolder,
    record: DynoRecord,
    file: 'pid' | 'shim' = 'pid',
  ): Promise<Identity | null> {
    if (record.bootId !== this.parts.bootId) return null;
    const identity = parseIdentity((await folder.text(file)) ?? '');
    if (!identity || (await this.parts.processes.liveness(identity)) === 'dead') return null;
    return identity;
  }

  /** Its group, and on a terminal, where a shell makes groups of its own, all groups of its session. */
  async signal(folder: DynoFolder, record: DynoRecord, signal: DynoSignal): Promise<void> {
    const leader = await this.leader(folder, record);
    if (!leader) return;
    const groups = record.terminal ? await this.groupsOf(leader.pid) : [];
    for (const group of new Set([leader.pid, ...groups])) send(-group, signal);
  }

  /** Its group and session, or all that its control group holds. */
  async pids(folder: DynoFolder, record: DynoRecord): Promise<number[]> {
    const leader = await this.leader(folder, record);
    if (!leader) return [];
    const held = (await this.parts.cgroups?.members(record.instance)) ?? [];
    if (held.length > 0) return held;
    const rows = await this.parts.processes.all();
    return rows.filter((row) => row.group === leader.pid || row.session === leader.pid).map((row) => row.pid);
  }

  /** Kills all that belongs to the dyno, its shim and its logger too. Rejects when something survives it. */
  async killAll(folder: DynoFolder, record: DynoRecord): Promise<void> {
    for (let round = 0; round < KILL_ROUNDS; round++) {
      if (!(await this.killRound(folder, record))) return;
      await this.parts.clock.sleep(ROUND_MS);
    }
    throw new TfkError(
      'unavailable',
      `Processes of ${record.labels.dyno} survive SIGKILL, so its folder stays.`,
      {
        hint: 'They wait for a disk or a device that does not answer; look at `ps -eo pid,state,args`.',
      },
    );
  }

  /** Everything in the dyno's own cgroup, group, session or folder, or with its mark; false when there is nothing. */
  private async killRound(folder: DynoFolder, record: DynoRecord): Promise<boolean> {
    const { processes, cgroups } = this.parts;
    const [leader, held, marked, near] = await Promise.all([
      this.leader(folder, record),
      cgroups?.members(record.instance) ?? [],
      processes.withVariable(`${MARKER}=${record.instance}`),
      processes.workingBelow(folder.path),
    ]);
    const shim = await this.leader(folder, record, 'shim');
    const own = new Set([...held, ...marked, ...near, ...(shim ? [shim.pid] : [])]);
    own.delete(process.pid);
    if (leader) send(-leader.pid, 'SIGKILL');
    for (const pid of own) send(pid, 'SIGKILL');
    return leader !== null || own.size > 0;
  }

  private async groupsOf(session: number): Promise<number[]> {
    const rows = await this.parts.processes.all();
    return rows.filter((row) => row.session === session).map((row) => row.group);
  }
}
