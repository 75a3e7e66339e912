import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isDiskFull, TfkError } from '../../shared/errors.js';
import { Room } from './room.js';

export interface BackupFile {
  readonly appId: string;
  readonly id: string;
}

export interface Written {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

const PARTIAL = '.partial';

/** The backups' files, `<folder>/<app>/<backup>`: each there whole or not at all, and for its owner's eyes only. */
export class BackupFiles {
  private readonly room = new Room(() => this.free(), diskFull);

  constructor(private readonly folder: string) {}

  pathOf({ appId, id }: BackupFile): string {
    return join(this.folder, appId, id);
  }

  /** What `produce` writes becomes the file when it has resolved; nothing is left when it rejects. */
  async write<T>(
    file: BackupFile,
    produce: (output: Writable) => Promise<T>,
  ): Promise<Written & { result: T }> {
    const target = this.pathOf(file);
    const folder = join(this.folder, file.appId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(target + PARTIAL, 'w', 0o600);
    try {
      const output = new HashedOutput(handle);
      const result = await produce(output);
      if (!output.writableEnded) output.end();
      await finished(output);
      await handle.sync();
      await rename(target + PARTIAL, target);
      await syncFolder(folder);
      return { result, ...output.written() };
    } catch (error) {
      await rm(target + PARTIAL, { force: true });
      throw isDiskFull(error) ? diskFull() : error;
    } finally {
      await handle.close();
    }
  }

  /** Rejects with `gone` where the file is not as it was written: with its length alone looked at. */
  async open(file: BackupFile & { readonly bytes: number | null }, signal?: AbortSignal): Promise<Readable> {
    const path = this.pathOf(file);
    const found = await stat(path).catch(() => undefined);
    if (!found) throw new TfkError('gone', 'The file of this backup is not there any more.');
    if (found.size !== file.bytes)
      throw new TfkError(
        'gone',
        `The file of this backup was cut short: ${found.size} of ${file.bytes} bytes are there.`,
      );
    return createReadStream(path, signal ? { signal } : {});
  }

  /** Reads it from end to end, and rejects with `gone` where it is not what was written. */
  async verify(
    file: BackupFile & { readonly bytes: number | null; readonly sha256: string | null },
    signal: AbortSignal,
  ): Promise<void> {
    const hash = createHash('sha256');
    for await (const chunk of await this.open(file, signal)) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== file.sha256)
      throw new TfkError(
        'gone',
        'The file of this backup is damaged: its SHA-256 is not the one that was noted.',
      );
  }

  /** Rejects with `insufficient_storage` where so many bytes would not fit. */
  async assertRoom(bytes: number): Promise<void> {
    if ((await this.free()) < bytes) throw diskFull(bytes);
  }

  /** Does the work where there is room for so many bytes beside what others were promised; waits for those, rejects as `assertRoom`. */
  withRoom<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    return this.room.hold(bytes, work);
  }

  async remove(file: BackupFile): Promise<void> {
    await rm(this.pathOf(file), { force: true });
  }

  async removeApp(appId: string): Promise<void> {
    await rm(join(this.folder, appId), { recursive: true, force: true });
  }

  /**
   * Removes what nobody knows any more: writes that were cut short, files of deleted backups. Asks of each just before, since
   * others are made meanwhile.
   */
  async sweep(isKnown: (id: string, isPartial: boolean) => boolean): Promise<void> {
    for (const appId of await readdir(this.folder).catch(() => []))
      for (const name of await readdir(join(this.folder, appId)).catch(() => [])) {
        const id = name.replace(/\.partial$/, '');
        if (!isKnown(id, id !== name)) await rm(join(this.folder, appId, name), { force: true });
      }
  }

  /** Bytes. */
  private async free(): Promise<number> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }
}

/** Counts and digests what it writes. */
class HashedOutput extends Writable {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  constructor(private readonly file: FileHandle) {
    super();
    // Whoever writes hears of it by its own means.
    this.on('error', () => undefined);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    this.file.appendFile(chunk).then(() => done(), done);
  }

  written(): Written {
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

const diskFull = (wanted?: number): TfkError =>
  new TfkError(
    'insufficient_storage',
    wanted === undefined
      ? 'The disk is full. The unfinished backup was removed.'
      : `The backup and its proof need ${Math.ceil(wanted / 1024 ** 2)} MB, which are not free. Nothing was done.`,
    { hint: 'Free some space; older backups are removed with: tfk pg:backups:delete' },
  );
