import { join } from 'node:path';
import type { Addons } from '../addons/addons.js';
import { Backups } from '../addons/backups/backups.js';
import { BackupFiles } from '../addons/backups/files.js';
import type { BackupParts } from '../addons/backups/parts.js';
import { BackupSchedules } from '../addons/backups/schedules.js';
import type { Config } from '../config.js';

interface Parts extends Pick<BackupParts, 'store' | 'clock' | 'logger' | 'record'> {
  readonly addons: Pick<Addons, 'backupSource'>;
  /** In whose name those are made that are scheduled. */
  readonly actor: () => string;
}

export function createBackups(
  { home, backupsKept: kept }: Config,
  { addons, actor, ...parts }: Parts,
): { readonly backups: Backups; readonly backupSchedules: BackupSchedules } {
  const files = new BackupFiles(join(home, 'backups'));
  const backups = new Backups({ ...parts, files, kept, source: (addonId) => addons.backupSource(addonId) });
  return { backups, backupSchedules: new BackupSchedules({ ...parts, backups, actor }) };
}
