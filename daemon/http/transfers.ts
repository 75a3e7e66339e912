import { notFound, TfkError } from '../shared/errors.js';
import type { AddonRecord } from '../store/addons.js';
import type { AppRecord } from '../store/apps.js';
import type { BackupRecord } from '../store/backups.js';
import type { RestoreRecord } from '../store/restores.js';
import { findAddon, quote } from './find.js';
import type { Services } from './services.js';

/** `b007` for a backup, `r008` for a restore, as Heroku calls them. */
export const transferName = (kind: 'b' | 'r', { number }: { readonly number: number }): string =>
  `${kind}${String(number).padStart(3, '0')}`;

/** The database, where the requester may use the app that owns it: an app that has it attached may only read it. */
export function changeableDatabase(
  services: Services,
  idOrName: string,
  isVisible: (appId: string) => boolean,
): AddonRecord {
  const addon = findAddon(services, idOrName);
  if (isVisible(addon.appId)) return addon;
  throw new TfkError('forbidden', `${addon.name} belongs to another app. Nothing was changed.`, {
    hint: 'Who may use that app can do it.',
  });
}

/** By name, number or id. */
export function findBackup({ records }: Services, app: AppRecord, nameOrId: string): BackupRecord {
  const found = records.backups.list(app.id).find((backup) => isCalled('b', backup, nameOrId));
  if (found) return found;
  throw unknown('backup', app, nameOrId);
}

export function findRestore({ records }: Services, app: AppRecord, nameOrId: string): RestoreRecord {
  const found = records.restores.list(app.id).find((restore) => isCalled('r', restore, nameOrId));
  if (found) return found;
  throw unknown('restore', app, nameOrId);
}

const isCalled = (kind: 'b' | 'r', record: BackupRecord | RestoreRecord, nameOrId: string): boolean =>
  [record.id, transferName(kind, record), String(record.number)].includes(nameOrId);

const unknown = (what: string, { name }: AppRecord, nameOrId: string): TfkError =>
  notFound(what, `${name} has no ${what} ${quote(nameOrId)}.`, `List them: tfk pg:backups -a ${name}`);
