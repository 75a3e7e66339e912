import type { Readable } from 'node:stream';
import { TfkError } from '../../shared/errors.js';
import { newId, newSecret } from '../../shared/ids.js';
import type { AddonRecord } from '../../store/addons.js';
import type { BackupRecord } from '../../store/backups.js';
import type { RestoreRecord } from '../../store/restores.js';
import { Ends, failure } from './ends.js';
import { JobQueue } from './job-queue.js';
import { BackupJobs } from './jobs.js';
import { nameOf } from './names.js';
import type { BackupParts } from './parts.js';
import { WatchedBackups } from './watched-backups.js';

/** How long an announced file is waited for. */
const ANNOUNCED_MS = 10 * 60_000;
const SHARED_MS = 10 * 60_000;
/** In the place of an add-on: what is left in the folder of all. */
const FILES = 'files';

/** Backups of add-ons and restores from them: asked for here, done when it is their turn. */
export class Backups {
  private readonly queue = new JobQueue();
  private readonly stopped = new AbortController();
  private readonly ends: Ends;
  /** When the servers were seen to that a start finds. */
  private ready: Promise<void> = Promise.resolve();
  private readonly jobs: BackupJobs;
  /** Secret of an upload's URL → the id of the backup that it will be. Ends with tfkd, as the upload does. */
  private readonly uploads = new Map<string, string>();
  private readonly shares = new Map<string, string>();

  constructor(private readonly parts: BackupParts) {
    this.ends = new Ends(parts, this.stopped.signal);
    const source = async (addonId: string) => {
      const { addon, backups } = await parts.source(addonId);
      return { addon, backups: new WatchedBackups(backups, parts.clock) };
    };
    this.jobs = new BackupJobs({ ...parts, source }, this.ends, this.stopped.signal);
  }

  get kept(): number {
    return this.parts.kept;
  }

  /** Answers at once; the backup is made when it is its turn. */
  capture(addon: AddonRecord, origin: 'manual' | 'scheduled', actor: string): BackupRecord {
    const backup = this.insert(addon, origin, actor);
    this.enqueue(addon.id, () => this.jobs.capture(backup.id));
    return backup;
  }

  /** A backup whose file is about to be sent to the URL of this secret. */
  announce(addon: AddonRecord, actor: string): { readonly backup: BackupRecord; readonly secret: string } {
    const backup = this.insert(addon, 'uploaded', actor);
    const secret = newSecret();
    this.uploads.set(secret, backup.id);
    void this.endUnsent(secret, backup.id);
    return { backup, secret };
  }

  announced(secret: string): BackupRecord | undefined {
    const id = this.uploads.get(secret);
    return id === undefined ? undefined : this.parts.store.backups.find(id);
  }

  /** `length` in bytes, where the client told it. Resolves when the file is here, whole. */
  async receive(backup: BackupRecord, body: Readable, length: number | null): Promise<void> {
    this.parts.store.backups.begin(backup.id);
    this.takeAnnounced(backup.id);
    await this.jobs.receive(backup, body, length);
  }

  /** A secret that opens its file to whoever has it, for a while. Ends with tfkd. */
  share(backup: BackupRecord): { readonly secret: string; readonly until: number } {
    const { clock } = this.parts;
    const secret = newSecret();
    this.shares.set(secret, backup.id);
    void clock.sleep(SHARED_MS, this.stopped.signal).then(() => this.shares.delete(secret));
    return { secret, until: clock.now() + SHARED_MS };
  }

  shared(secret: string): BackupRecord | undefined {
    const id = this.shares.get(secret);
    return id === undefined ? undefined : this.parts.store.backups.find(id);
  }

  /** The add-on's data is replaced by the backup's, when it is its turn. */
  restore(addon: AddonRecord, backup: BackupRecord, actor: string): RestoreRecord {
    const { store, clock } = this.parts;
    if (backup.bytes === null || (backup.state !== 'verified' && backup.state !== 'unverified'))
      throw new TfkError(
        'invalid_params',
        `${nameOf(backup)} cannot be restored: ${backup.reason ?? `it is ${backup.state}`}. Nothing was changed.`,
        { hint: 'Choose another one: tfk pg:backups' },
      );
    const id = newId();
    const { number: backupNumber } = backup;
    const { appId, id: addonId, name: addonName } = addon;
    store.transaction(() => {
      this.assertIdle(addon);
      store.restores.insert({ id, appId, backupNumber, addonId, addonName, actor, createdAt: clock.now() });
    });
    this.enqueue(addonId, () => this.jobs.restore(id, backup));
    return found(store.restores.find(id));
  }

  open(backup: BackupRecord): Promise<Readable> {
    return this.parts.files.open(backup);
  }

  /** With its file, for ever. */
  async remove(backup: BackupRecord): Promise<void> {
    const unsent = this.takeAnnounced(backup.id);
    if (!unsent && (backup.state === 'pending' || backup.state === 'running'))
      throw new TfkError('conflict', `${nameOf(backup)} is being made. Nothing was removed.`, {
        hint: 'Try again when it is made.',
      });
    this.parts.store.backups.delete(backup.id);
    await this.parts.files.remove(backup);
  }

  /** Its rows go with the app. */
  async forgetApp(appId: string): Promise<void> {
    await this.parts.files.removeApp(appId);
  }

  /**
   * After a start: what was cut short has failed, or was done, and leaves nothing. `ready`: add-ons that can run do. Room is made
   * on all servers first, since ends cannot be written on a full disk.
   */
  recover(ready: Promise<void> = Promise.resolve()): void {
    const { store } = this.parts;
    this.ready = ready;
    const backups = store.backups.unfinished();
    const restores = store.restores.unfinished();
    this.enqueue(FILES, () => this.jobs.sweep(new Set(backups.map(({ id }) => id))));
    // Others may have ended with something left.
    for (const addonId of new Set([...store.restores.addonIds(), ...store.backups.capturedAddonIds()])) {
      const hadRestore = restores.some((restore) => restore.addonId === addonId);
      this.enqueue(addonId, () => this.jobs.makeRoom(addonId, hadRestore));
    }
    for (const backup of backups) this.enqueue(backup.addonId, () => this.jobs.endCutBackup(backup));
    for (const restore of restores) this.enqueue(restore.addonId, () => this.jobs.endCutRestore(restore));
  }

  /** What is under way is given up. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.queue.idle();
  }

  private insert(addon: AddonRecord, origin: BackupRecord['origin'], actor: string): BackupRecord {
    const { store, clock } = this.parts;
    const id = newId();
    const { appId, id: addonId, name: addonName } = addon;
    store.transaction(() => {
      this.assertIdle(addon);
      store.backups.insert({ id, appId, addonId, addonName, origin, actor, createdAt: clock.now() });
    });
    return found(store.backups.find(id));
  }

  private assertIdle({ id, name }: AddonRecord): void {
    const { store } = this.parts;
    const backup = store.backups.unfinished().find(({ addonId }) => addonId === id);
    const restore = store.restores.unfinished().find(({ addonId }) => addonId === id);
    if (!backup && !restore) return;
    const what = backup ? `is being backed up (${nameOf(backup)})` : 'is being restored';
    throw new TfkError('conflict', `${name} ${what}. Nothing was begun.`, {
      hint: 'Wait for it: tfk pg:backups',
    });
  }

  /** Was it announced, and is it not being sent? It is not waited for any more. */
  private takeAnnounced(id: string): boolean {
    const secret = [...this.uploads].find(([, upload]) => upload === id)?.[0];
    return secret !== undefined && this.uploads.delete(secret);
  }

  /**
   * Who announced a file and never sent it keeps nobody else from the database. The time is waited for and not read from a clock,
   * which may be years ahead and put right meanwhile.
   */
  private async endUnsent(secret: string, id: string): Promise<void> {
    const stopped = this.stopped.signal;
    await this.parts.clock.sleep(ANNOUNCED_MS, stopped);
    if (stopped.aborted || !this.uploads.delete(secret)) return;
    await this.ends.backup(id, failure('its file was never sent'));
  }

  private enqueue(addonId: string, job: () => Promise<void>): void {
    const begun = async (): Promise<void> => {
      await this.ready;
      await job();
    };
    this.queue.add(addonId, begun, (error) => {
      this.parts.logger.error({ err: error }, 'a job with backups failed');
    });
  }
}

function found<T>(record: T | undefined): T {
  if (!record) throw new Error('What was written is not there');
  return record;
}
