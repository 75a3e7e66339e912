import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, TfkError } from '../../../shared/errors.js';
import type { DynoLabels, DynoLimits, DynoSpec } from '../../engine.js';
import type { SlugOwner } from '../builder.js';
import type { Identity } from '../host/processes.js';

/** What a dyno's folder says of it, for any tfkd to come. No value of its environment. */
export interface DynoRecord {
  readonly version: 1;
  readonly instance: string;
  readonly labels: DynoLabels;
  readonly stdio: DynoSpec['stdio'];
  readonly terminal: boolean;
  readonly limits: DynoLimits;
  readonly appNumber: number;
  readonly port: number | null;
  readonly bootId: string;
  /** The names in its environment, to tell whether what the kernel shows of it is still whole. */
  readonly variables: readonly string[];
  /** The tfkd that was starting it: while that one lives, a dyno without a process is not lost. */
  readonly startedBy: Identity;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A folder that the process of this pid is making. */
const FRESH = /^\.new-(\d+)-/;

/** The pid of a maker that is gone may be another's by now; to make a folder takes milliseconds. */
const STALE_MS = 60_000;

const INSTANCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * One folder a dyno: `app/` (its copy of the slug), `tmp/` (its scratch), `run/` (the shim's, closed to the app), `run/dyno.json`.
 * A name with a leading dot is one that is being made or taken away.
 */
export class DynoFolder {
  readonly app: string;
  readonly tmp: string;
  readonly run: string;

  private constructor(
    private readonly parent: string,
    readonly instance: string,
  ) {
    this.app = join(parent, instance, 'app');
    this.tmp = join(parent, instance, 'tmp');
    this.run = join(parent, instance, 'run');
  }

  static of(parent: string, instance: string): DynoFolder {
    if (!INSTANCE.test(instance)) {
      throw new TfkError('invalid_params', `${JSON.stringify(instance)} cannot name an instance of a dyno.`);
    }
    return new DynoFolder(parent, instance);
  }

  static async all(parent: string): Promise<DynoFolder[]> {
    const names = await readdir(parent);
    return names.filter((name) => INSTANCE.test(name)).map((name) => new DynoFolder(parent, name));
  }

  /** Removes what a cut-off remove() left, and what a start() left whose process is gone. */
  static async sweep(parent: string, now: number): Promise<void> {
    for (const name of await readdir(parent)) {
      const path = join(parent, name);
      const isGone = !isAlive(Number(FRESH.exec(name)?.[1] ?? process.pid));
      const cutOff = name.startsWith('.new-') && (isGone || (await ageOf(path, now)) > STALE_MS);
      if (cutOff || name.startsWith('.gone-')) await rm(path, { recursive: true, force: true });
    }
  }

  get path(): string {
    return join(this.parent, this.instance);
  }

  file(name: string): string {
    return join(this.run, name);
  }

  /** Makes the folder whole or not at all; false when there is one already. */
  async create(record: DynoRecord, owner: SlugOwner | undefined): Promise<boolean> {
    const fresh = join(this.parent, `.new-${process.pid}-${this.instance}-${suffix()}`);
    try {
      await mkdir(join(fresh, 'run'), { recursive: true, mode: 0o700 });
      await chmod(fresh, 0o700);
      await mkdir(join(fresh, 'tmp'), { mode: 0o700 });
      if (owner) await chown(join(fresh, 'tmp'), owner.uid, owner.gid);
      await writeFile(join(fresh, 'run', 'dyno.json'), JSON.stringify(record), { mode: 0o600 });
      await rename(fresh, this.path);
      return true;
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) return false;
      throw error;
    }
  }

  /** Once the slug is laid out: other users may pass, but the app's root is the app's alone, whatever its slug says. */
  async admit(): Promise<void> {
    await chmod(this.app, 0o700);
    await chmod(this.path, 0o711);
  }

  /** Null when the dyno has no folder (any more). */
  async record(): Promise<DynoRecord | null> {
    const text = await this.text('dyno.json');
    return text === null ? null : (JSON.parse(text) as DynoRecord);
  }

  /** The text of a file in run/; null when there is none. */
  async text(name: string): Promise<string | null> {
    try {
      return await readFile(this.file(name), 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  async has(name: string): Promise<boolean> {
    return (await this.modifiedAt(name)) !== null;
  }

  /** Milliseconds since the epoch; null when there is no such file. */
  async modifiedAt(name: string): Promise<number | null> {
    try {
      return Math.floor((await stat(this.file(name))).mtimeMs);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  async write(name: string, text: string): Promise<void> {
    const temporary = this.file(`${name}.${suffix()}`);
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, this.file(name));
  }

  /** At once out of sight, then away. */
  async remove(): Promise<void> {
    const gone = join(this.parent, `.gone-${this.instance}-${suffix()}`);
    try {
      await rename(this.path, gone);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    await rm(gone, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

const suffix = (): string => randomBytes(6).toString('hex');

async function ageOf(path: string, now: number): Promise<number> {
  return (
    now -
    (await stat(path).then(
      (found) => found.mtimeMs,
      () => now,
    ))
  );
}
