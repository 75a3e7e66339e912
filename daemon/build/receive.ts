import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { TfkError, codeOf, notFound } from '../shared/errors.js';
import type { BuildLimits } from './limits.js';

export interface ReceivedSource {
  readonly id: string;
  readonly bytes: number;
  /** Hex SHA-256 of the tarball. */
  readonly sha256: string;
}

/** The received tarballs: `<folder>/<id>`, each there whole or not at all. */
export class Sources {
  constructor(
    private readonly folder: string,
    private readonly limits: Pick<BuildLimits, 'sourceBytes' | 'reserveBytes'>,
  ) {}

  /**
   * Takes a tarball from a request's body. `announced` is its Content-Length, if any: what is too large or does not fit on
   * the disk is then refused before the first byte. Rejects with a TfkError `too_large` or `insufficient_storage`, or with
   * the body's own error when the client goes away; nothing is kept then. A second take of the same id replaces the first.
   */
  async receive(
    id: string,
    body: AsyncIterable<Uint8Array>,
    announced: number | null,
  ): Promise<ReceivedSource> {
    const target = this.pathOf(id);
    if (announced !== null && announced > this.limits.sourceBytes) throw this.tooLarge();
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.refuseFullDisk(announced ?? 0);
    const temporary = `${target}.${process.hrtime.bigint()}.tmp`;
    try {
      const received = await this.writeTo(temporary, body);
      await rename(temporary, target);
      await syncFolder(this.folder);
      return { id, ...received };
    } catch (error) {
      await rm(temporary, { force: true });
      throw codeOf(error) === 'ENOSPC' ? diskFull(0) : error;
    }
  }

  /** The tarball's path. Rejects with `not_found` when it was never received, or is gone. */
  async locate(id: string): Promise<string> {
    const path = this.pathOf(id);
    const found = await stat(path).catch(() => null);
    if (found?.isFile() === true) return path;
    throw notFound('source', `There is no source ${id}.`, 'Upload it first with PUT to its put_url.');
  }

  async has(id: string): Promise<boolean> {
    return this.locate(id).then(
      () => true,
      () => false,
    );
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  /** Once after a start: what a receive that was cut off by the end of tfkd has left is of no use to anybody. */
  async recover(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (name.endsWith('.tmp')) await rm(join(this.folder, name), { force: true });
    }
  }

  /** Removes sources but those to `keep`, and what cut-off receives left, that nobody wrote to for `maxAgeMs`. */
  async sweep(now: number, maxAgeMs: number, keep: ReadonlySet<string> = new Set()): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (keep.has(name)) continue;
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => null);
      if (found && now - found.mtimeMs > maxAgeMs) await rm(path, { force: true });
    }
  }

  private pathOf(id: string): string {
    if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) throw notFound('source', 'There is no such source.');
    return join(this.folder, id);
  }

  private async writeTo(
    path: string,
    body: AsyncIterable<Uint8Array>,
  ): Promise<{ bytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > this.limits.sourceBytes) throw this.tooLarge();
        hash.update(chunk);
        await writeWhole(file, chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  private async refuseFullDisk(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize < bytes + this.limits.reserveBytes) throw diskFull(bavail * bsize);
  }

  private tooLarge(): TfkError {
    const limit = Math.floor(this.limits.sourceBytes / 1048576);
    return new TfkError('too_large', `The source is larger than ${limit} MB; nothing was built.`, {
      hint: 'Leave out what the app does not need to run, by .gitignore or .slugignore.',
    });
  }
}

function diskFull(free: number): TfkError {
  const left = Math.floor(free / 1048576);
  return new TfkError(
    'insufficient_storage',
    `The disk is too full for this push: ${left} MB are free. Nothing was built.`,
    {
      hint: 'Free some space, or set TFK_HOME to a larger disk; `tfk doctor` shows both.',
    },
  );
}

/** A write may take only a part of the chunk. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
