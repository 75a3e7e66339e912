import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newId } from '../../../shared/ids.js';
import type { DynoLimits } from '../../engine.js';

type Version = 1 | 2;

/**
 * One control group a dyno, where the kernel lets us: memory and pids are then limited, and processes that hide are found.
 * The groups stand at the top of the hierarchy, not below tfkd's own: a dyno outlives tfkd's service.
 */
export class Cgroups {
  private constructor(
    readonly version: Version,
    /** One folder in each hierarchy, shared by all homes of this machine. */
    private readonly parents: readonly string[],
    /** What this home's groups begin with. */
    private readonly prefix: string,
  ) {}

  /** Null where none can be made: not root, read-only, or no controller. Tried by making one. */
  static async open(home: string, root = '/sys/fs/cgroup'): Promise<Cgroups | null> {
    const prefix = createHash('sha256').update(home).digest('hex').slice(0, 16);
    for (const version of [2, 1] as const) {
      const parents =
        version === 2 ? [join(root, 'tfk')] : ['memory', 'pids'].map((one) => join(root, one, 'tfk'));
      const cgroups = new Cgroups(version, parents, prefix);
      if (await cgroups.works(root)) return cgroups;
    }
    return null;
  }

  /** Makes the dyno's groups; answers the files into which a process writes 0 to enter them. */
  async create(instance: string, limits: DynoLimits): Promise<string[]> {
    const settings = this.version === 2 ? settingsOfV2(limits) : settingsOfV1(limits);
    for (const parent of this.parents) {
      const folder = this.folderIn(parent, instance);
      await mkdir(folder, { recursive: true });
      for (const [file, value, needed] of settings.filter(([name]) => this.belongs(parent, name))) {
        const written = writeFile(join(folder, file), value);
        await (needed ? written : written.catch(() => undefined));
      }
    }
    return this.entrances(instance);
  }

  entrances(instance: string): string[] {
    return this.parents.map((parent) => join(this.folderIn(parent, instance), 'cgroup.procs'));
  }

  async members(instance: string): Promise<number[]> {
    const lists = await Promise.all(
      this.entrances(instance).map((file) => readFile(file, 'utf8').catch(() => '')),
    );
    return [...new Set(lists.join('\n').split('\n').filter(Boolean).map(Number))];
  }

  /** Did the kernel kill a process of the dyno for want of memory? */
  async killedForMemory(instance: string): Promise<boolean> {
    const file = this.version === 2 ? 'memory.events' : 'memory.oom_control';
    const text = await readFile(join(this.folderIn(this.parents[0] ?? '', instance), file), 'utf8').catch(
      () => '',
    );
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0;
  }

  /** Only empty groups go: false while a process is left in one. */
  async remove(instance: string): Promise<boolean> {
    const results = await Promise.all(
      this.parents.map((parent) => rmdir(this.folderIn(parent, instance)).then(() => true, isAbsent)),
    );
    return results.every(Boolean);
  }

  /** Removes the empty groups of this home's dynos that are not among these. */
  async sweep(instances: ReadonlySet<string>): Promise<void> {
    for (const parent of this.parents) {
      const names = await readdir(parent).catch(() => []);
      const own = names.filter((name) => name.startsWith(`${this.prefix}-`));
      const stale = own.filter((name) => !instances.has(name.slice(this.prefix.length + 1)));
      // One that is not empty is another daemon's trial, or holds what cannot be killed: it stays.
      for (const name of stale) await rmdir(join(parent, name)).catch(() => undefined);
    }
  }

  private folderIn(parent: string, instance: string): string {
    return join(parent, `${this.prefix}-${instance}`);
  }

  private belongs(parent: string, file: string): boolean {
    return this.version === 2 || dirname(parent).endsWith(`/${file.slice(0, file.indexOf('.'))}`);
  }

  private async works(root: string): Promise<boolean> {
    try {
      if (this.version === 2) await enableV2(root, this.parents[0] ?? '');
      else for (const parent of this.parents) await requireFile(join(dirname(parent), 'cgroup.procs'));
      const trial = `trial-${newId()}`;
      await this.create(trial, { memoryBytes: 64 * 1024 * 1024, cpuWeight: 1, pids: 64 });
      return await this.remove(trial);
    } catch {
      return false;
    }
  }
}

type Setting = readonly [file: string, value: string, needed: boolean];

function settingsOfV1(limits: DynoLimits): Setting[] {
  return [
    ['memory.limit_in_bytes', String(limits.memoryBytes), true],
    ['memory.memsw.limit_in_bytes', String(limits.memoryBytes), false],
    ['pids.max', String(limits.pids), true],
  ];
}

function settingsOfV2(limits: DynoLimits): Setting[] {
  return [
    ['memory.max', String(limits.memoryBytes), true],
    ['memory.swap.max', '0', false],
    ['pids.max', String(limits.pids), true],
    ['cpu.weight', String(Math.min(10_000, Math.max(1, Math.round(limits.cpuWeight * 100)))), false],
  ];
}

async function enableV2(root: string, parent: string): Promise<void> {
  await requireFile(join(root, 'cgroup.controllers'));
  await mkdir(parent, { recursive: true });
  for (const folder of [root, parent]) {
    const file = join(folder, 'cgroup.subtree_control');
    await writeFile(file, '+memory +pids');
    await writeFile(file, '+cpu').catch(() => undefined);
  }
}

async function requireFile(path: string): Promise<void> {
  await readFile(path);
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
