import type { Clock } from '../../../shared/clock.js';
import type { ObservedDyno } from '../../engine.js';
import { DynoFolder } from './dyno-folder.js';
import type { Members } from './members.js';
import { OUT_OF_MEMORY } from './observe.js';
import { memoryOf } from './usage.js';

const EVERY_MS = 5_000;

/** Where no cgroup limits memory: looks at it now and then, and kills a dyno that has more than its limit. */
export class MemoryGuard {
  private lastAt = 0;

  constructor(
    private readonly members: Members,
    private readonly clock: Clock,
  ) {}

  async check(dynosDir: string, dynos: readonly ObservedDyno[]): Promise<void> {
    if (this.clock.now() - this.lastAt < EVERY_MS) return;
    this.lastAt = this.clock.now();
    for (const { handle, state } of dynos) {
      if (state.kind === 'running') await this.checkOne(DynoFolder.of(dynosDir, handle.instance));
    }
  }

  private async checkOne(folder: DynoFolder): Promise<void> {
    const record = await folder.record();
    if (!record) return;
    const used = await memoryOf(await this.members.pids(folder, record));
    if (used === null || used <= record.limits.memoryBytes) return;
    await folder.write(OUT_OF_MEMORY, `${used}\n`);
    await this.members.signal(folder, record, 'SIGKILL');
  }
}
