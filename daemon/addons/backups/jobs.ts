import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isAborted } from '../../shared/aborted.js';
import { messageOf, TfkError } from '../../shared/errors.js';
import type { BackupEnd, BackupRecord } from '../../store/backups.js';
import type { RestoreRecord } from '../../store/restores.js';
import type { BackupSource } from '../addons.js';
import { differences, rowsIn, type Content } from './content.js';
import { CUT_SHORT, failure, type Ends } from './ends.js';
import { nameOf } from './names.js';
import type { BackupParts } from './parts.js';
import { tooOld } from './retention.js';

/** For what a database takes that is made for the proof. */
const RESERVE_BYTES = 64 * 1024 ** 2;

/** What is done when it is its turn. The record tells how it ended, so nothing is thrown on. */
export class BackupJobs {
  constructor(
    private readonly parts: BackupParts,
    private readonly ends: Ends,
    private readonly stopped: AbortSignal,
  ) {}

  async capture(id: string): Promise<void> {
    const { store, record } = this.parts;
    const backup = store.backups.find(id);
    if (backup?.state !== 'pending' || this.stopped.aborted) return;
    const end = await this.captured(backup).catch((error: unknown) => this.failed(error));
    // The next tfkd removes what is left of it, and makes it again where it is a daily one.
    if (isAborted(this.stopped) && isLeftToTheNext(backup, end)) return;
    if (!(await this.ends.backup(id, end))) return;
    record(backup.appId, toldOf(backup, end));
    await this.removeOld(backup);
  }

  async receive(backup: BackupRecord, body: Readable, length: number | null): Promise<void> {
    // It may break off before anybody reads it; then the pipeline says so.
    body.on('error', () => undefined);
    const end = await this.received(backup, body, length).catch((error: unknown) => {
      // Who sends it hears of it at once, whenever it is written.
      void this.ends.backup(backup.id, this.failed(error));
      throw error;
    });
    if (!(await this.ends.backup(backup.id, end)))
      throw new TfkError('unavailable', `${nameOf(backup)} is not kept: ${CUT_SHORT}.`, {
        hint: 'Send it again.',
      });
    await this.removeOld(backup);
  }

  async restore(id: string, backup: BackupRecord): Promise<void> {
    const { store, record } = this.parts;
    const restore = store.restores.find(id);
    if (restore?.state !== 'pending' || this.stopped.aborted) return;
    const { source, problem } = await this.tried(restore, backup);
    // The next tfkd finds out how it ended, and removes what is left there.
    if (problem !== null && isAborted(this.stopped)) return;
    const end = await this.endRestore(id, problem);
    if (!end) return;
    const { reason } = end;
    const what = `${restore.addonName} from ${nameOf(backup)}`;
    record(restore.appId, reason === null ? `Restored ${what}` : `Restoring ${what} failed. ${reason}`);
    if (source) await this.cleanUp(source);
  }

  /**
   * Of what an earlier tfkd left on an add-on's server, without a write to the store: that may have no room just for this. What a
   * restore replaced tells that it did, and so goes only when its end is written. A server that does not run yet is waited for by
   * nobody: what was left there goes with the next job.
   */
  async makeRoom(addonId: string, hadRestore: boolean): Promise<void> {
    if (!this.stopped.aborted) await this.cleanUpOf(addonId, hadRestore ? 'dropUnfinished' : 'cleanUp');
  }

  async endCutBackup(backup: BackupRecord): Promise<void> {
    const { store, record } = this.parts;
    if (this.stopped.aborted || !(await this.ends.backupCutShort(backup))) return;
    const ended = store.backups.find(backup.id);
    if (ended) record(ended.appId, toldOf(ended, ended));
    await this.removeOld(backup);
  }

  async endCutRestore({ id, addonId }: RestoreRecord): Promise<void> {
    if (!this.stopped.aborted) await this.endRestore(id, CUT_SHORT);
    if (!isAborted(this.stopped)) await this.cleanUpOf(addonId, 'cleanUp');
  }

  /** Files that no record tells of: those of backups that were `cut` short, and whole ones whose backup has failed since, or was deleted. */
  async sweep(cut: ReadonlySet<string>): Promise<void> {
    const { store, files } = this.parts;
    await files.sweep((id, isPartial) => {
      const backup = store.backups.find(id);
      if (!backup || cut.has(id)) return false;
      return backup.finishedAt === null || (!isPartial && backup.bytes !== null);
    });
  }

  /** With a problem it may have come to its end all the same. Answers why it has failed; undefined: tfkd stops, and the next one ends it. */
  private async endRestore(
    id: string,
    problem: string | null,
  ): Promise<{ readonly reason: string | null } | undefined> {
    const restore = this.parts.store.restores.find(id);
    if (!restore) return undefined;
    const isDone =
      problem === null || (restore.state === 'running' && (await this.wasRestored(restore.addonId)));
    if (isDone === null && isAborted(this.stopped)) return undefined;
    const reason = problem !== null && isDone !== true ? withTheData(problem, isDone) : null;
    return (await this.ends.restore(id, reason)) ? { reason } : undefined;
  }

  private async captured(backup: BackupRecord): Promise<BackupEnd> {
    const { files, store } = this.parts;
    store.backups.begin(backup.id);
    const { addon, backups } = await this.parts.source(backup.addonId);
    const bytes = 2 * (await backups.sizeOf(addon)) + RESERVE_BYTES;
    return files.withRoom(bytes, () => this.capturedFrom({ addon, backups }, backup));
  }

  private async capturedFrom({ addon, backups }: BackupSource, backup: BackupRecord): Promise<BackupEnd> {
    const { files } = this.parts;
    await backups.cleanUp(addon, this.stopped);
    const { result: content, ...written } = await files.write(backup, (output) =>
      backups.capture(addon, output, this.stopped),
    );
    const end = { ...written, content };
    try {
      await files.verify({ ...backup, ...written }, this.stopped);
      const wrong = await backups.prove(addon, files.pathOf(backup), content, this.stopped);
      if (wrong.length === 0) return { ...end, state: 'verified', reason: null };
      return { ...end, state: 'failed', reason: `restored, it is not what was backed up: ${firstOf(wrong)}` };
    } catch (error) {
      return { ...end, state: 'unverified', reason: `it could not be proved: ${this.reasonOf(error)}` };
    }
  }

  private async received(backup: BackupRecord, body: Readable, length: number | null): Promise<BackupEnd> {
    const { files } = this.parts;
    await files.assertRoom(length ?? 0);
    const { bytes, sha256 } = await files.write(backup, (output) => pipeline(body, output));
    return { state: 'unverified', reason: null, bytes, sha256, content: null };
  }

  /** Answers what has kept it from being done; null: nothing. */
  private async tried(
    { id, addonId }: RestoreRecord,
    backup: BackupRecord,
  ): Promise<{ readonly source?: BackupSource; readonly problem: string | null }> {
    let source: BackupSource | undefined;
    try {
      source = await this.parts.source(addonId);
      // What an earlier restore has left would be taken for the doing of this one.
      await source.backups.cleanUp(source.addon, this.stopped);
      this.parts.store.restores.begin(id);
      await this.restored(source, backup);
      return { source, problem: null };
    } catch (error) {
      return { ...(source && { source }), problem: this.failed(error).reason ?? '' };
    }
  }

  private async restored(source: BackupSource, backup: BackupRecord): Promise<void> {
    const size = await source.backups.sizeOf(source.addon);
    const bytes = Math.max(size, backup.bytes ?? 0) + RESERVE_BYTES;
    await this.parts.files.withRoom(bytes, () => this.restoredFrom(source, backup));
  }

  private async restoredFrom({ addon, backups }: BackupSource, backup: BackupRecord): Promise<void> {
    const { files } = this.parts;
    await files.verify(backup, this.stopped);
    const accept = (found: Content): void => {
      const wrong = backup.content === null ? [] : differences(backup.content as Content, found);
      if (wrong.length > 0)
        throw new TfkError('conflict', `What was restored is not what was backed up: ${firstOf(wrong)}.`);
    };
    await backups.restore(addon, files.pathOf(backup), accept, this.stopped);
  }

  private async removeOld({ addonId, origin }: BackupRecord): Promise<void> {
    const { store, files, kept, logger } = this.parts;
    for (const backup of tooOld(store.backups.ofAddon(addonId), origin, kept)) {
      store.backups.delete(backup.id);
      await files.remove(backup).catch((error: unknown) => {
        logger.warn({ err: error, backup: backup.id }, 'the file of an old backup stays');
      });
    }
  }

  /** Null: its server does not answer. */
  private async wasRestored(addonId: string): Promise<boolean | null> {
    try {
      const { addon, backups } = await this.parts.source(addonId);
      return await backups.wasRestored(addon, this.stopped);
    } catch (error) {
      this.parts.logger.warn({ err: error, addon: addonId }, 'how a restore ended is not known');
      return null;
    }
  }

  private async cleanUpOf(addonId: string, how: 'cleanUp' | 'dropUnfinished'): Promise<void> {
    const source = await this.parts.source(addonId).catch(() => undefined);
    if (source) await this.cleanUp(source, how);
  }

  private async cleanUp(
    { addon, backups }: BackupSource,
    how: 'cleanUp' | 'dropUnfinished' = 'cleanUp',
  ): Promise<void> {
    await backups[how](addon, this.stopped).catch((error: unknown) => {
      this.parts.logger.warn(
        { err: error, addon: addon.name },
        'what a job with a backup left stays for now',
      );
    });
  }

  private failed(error: unknown): BackupEnd {
    this.parts.logger.warn({ err: error }, 'a backup or restore failed');
    return failure(this.reasonOf(error));
  }

  private reasonOf(error: unknown): string {
    if (this.stopped.aborted) return CUT_SHORT;
    const hint = error instanceof TfkError && error.hint !== undefined ? ` ${error.hint}` : '';
    return `${messageOf(error)}${hint}`;
  }
}

/** Nothing of it is there, or a daily one is there and was not proved: the next one will be. */
const isLeftToTheNext = ({ origin }: BackupRecord, { bytes, state }: BackupEnd): boolean =>
  bytes === null || (origin === 'scheduled' && state === 'unverified');

const withTheData = (problem: string, isDone: false | null): string =>
  isDone === null
    ? `Whether the data was replaced is not known, since its server does not answer: ${problem}`
    : `The data is as it was: ${problem}`;

const firstOf = (wrong: readonly string[]): string =>
  wrong.slice(0, 3).join('; ') + (wrong.length > 3 ? `; and ${wrong.length - 3} more` : '');

function toldOf(backup: BackupRecord, { state, reason, content }: BackupEnd): string {
  const name = `Backup ${nameOf(backup)} of ${backup.addonName}`;
  if (state !== 'verified') return `${name} is ${state}: ${reason ?? ''}`;
  const { tables } = content as Content;
  return `${name} is verified: ${tables.length} tables, ${rowsIn(content as Content)} rows`;
}
