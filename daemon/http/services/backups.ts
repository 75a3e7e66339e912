import type { Readable } from 'node:stream';
import type { AddonRecord } from '../../store/addons.js';
import type { BackupScheduleRecord } from '../../store/backup-schedules.js';
import type { BackupRecord } from '../../store/backups.js';
import type { RestoreRecord } from '../../store/restores.js';

export interface BackupService {
  /** How many of each origin an add-on keeps. */
  readonly kept: number;
  capture(addon: AddonRecord, origin: 'manual' | 'scheduled', actor: string): BackupRecord;
  /** A backup whose file is about to be sent to the URL of this secret. */
  announce(addon: AddonRecord, actor: string): { readonly backup: BackupRecord; readonly secret: string };
  announced(secret: string): BackupRecord | undefined;
  receive(backup: BackupRecord, body: Readable, length: number | null): Promise<void>;
  /** A secret that opens its file to whoever has it, until then. */
  share(backup: BackupRecord): { readonly secret: string; readonly until: number };
  shared(secret: string): BackupRecord | undefined;
  /** Its file. */
  open(backup: BackupRecord): Promise<Readable>;
  /** All data of the add-on is replaced by what is in the backup. */
  restore(addon: AddonRecord, backup: BackupRecord, actor: string): RestoreRecord;
  remove(backup: BackupRecord): Promise<void>;
}

export interface BackupScheduleService {
  /** `02:00 Europe/Berlin`, each day. */
  set(addon: AddonRecord, at: string): BackupScheduleRecord;
  remove(addon: AddonRecord): void;
}
