import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../../shared/errors.js';

/** One file of a container's log, held open, so that it can be read to its end and its number is given to no other file. */
export interface LogFile {
  readonly handle: FileHandle;
  readonly inode: number;
  /** Bytes before this file that dockerd has dropped unread. */
  readonly lostBefore: number;
}

/**
 * The files of a container's log from the one being read to the newest. dockerd writes `container.log`; when it is full it
 * becomes `container.log.1`, that one `.2`, and the last is deleted.
 */
export class LogFiles {
  private files: LogFile[] = [];

  constructor(
    private readonly folder: string,
    /** How many dockerd keeps. */
    private readonly limit: number,
  ) {}

  /** The one being read; null while there is none. */
  get current(): LogFile | null {
    return this.files[0] ?? null;
  }

  /** Has dockerd gone on to another? Then the current one does not grow any more. */
  get rotated(): boolean {
    return this.files.length > 1;
  }

  /** Takes notice of what dockerd has begun since. To be called often enough that no file comes and goes between two looks. */
  async look(): Promise<void> {
    if (!(await this.hasNewer())) return;
    const { fresh, unbroken } = await this.openFresh();
    const [first, ...others] = fresh;
    if (!first) return;
    // None of ours is left, or there may have been others before: what is gone cannot be known, so the least is told.
    const whole = unbroken || (this.files.length === 0 && fresh.length < this.limit);
    this.files.push({ ...first, lostBefore: whole ? 0 : 1 }, ...others);
    await this.dropExcess();
  }

  async hasNewer(): Promise<boolean> {
    const inode = await inodeOf(join(this.folder, nameOf(0)));
    return inode !== null && inode !== this.files.at(-1)?.inode;
  }

  /** Goes on to the next file. */
  async advance(): Promise<void> {
    await this.files.shift()?.handle.close();
  }

  /** Makes the file current for which `matches` holds; answers whether there is one. The newest are asked first. */
  async select(matches: (file: LogFile) => Promise<boolean>): Promise<boolean> {
    for (let index = this.files.length - 1; index >= 0; index -= 1) {
      const file = this.files[index];
      if (!file || !(await matches(file))) continue;
      for (let older = 0; older < index; older += 1) await this.advance();
      return true;
    }
    return false;
  }

  async close(): Promise<void> {
    while (this.files.length > 0) await this.advance();
  }

  /**
   * Newest first: a rename in the meantime only moves a file to where it is still to be seen. The oldest may be missing for a
   * moment, so a hole ends nothing.
   */
  private async openFresh(): Promise<{ fresh: LogFile[]; unbroken: boolean }> {
    const fresh: LogFile[] = [];
    try {
      for (let index = 0; index <= this.limit; index += 1) {
        const file = await openFile(join(this.folder, nameOf(index)));
        if (!file) continue;
        const known = isAmong(this.files, file);
        if (known || isAmong(fresh, file)) await file.handle.close();
        else fresh.unshift(file);
        if (known) return { fresh, unbroken: true };
      }
      return { fresh, unbroken: false };
    } catch (error) {
      await Promise.all(fresh.map(({ handle }) => handle.close()));
      throw error;
    }
  }

  /** An open file takes room on the disk even when dockerd has deleted it: a reader that hangs back must not fill it. */
  private async dropExcess(): Promise<void> {
    while (this.files.length > 2 * this.limit) {
      const [dropped, heir] = this.files.splice(1, 2);
      if (!dropped || !heir) return;
      const { size } = await dropped.handle.stat();
      await dropped.handle.close();
      this.files.splice(1, 0, { ...heir, lostBefore: heir.lostBefore + dropped.lostBefore + size });
    }
  }
}

const isAmong = (files: readonly LogFile[], { inode }: LogFile): boolean =>
  files.some((file) => file.inode === inode);

const nameOf = (index: number): string => (index === 0 ? 'container.log' : `container.log.${index}`);

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function openFile(path: string): Promise<LogFile | null> {
  try {
    const handle = await open(path, 'r');
    return { handle, inode: (await handle.stat()).ino, lostBefore: 0 };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
