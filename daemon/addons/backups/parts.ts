import type { Clock } from '../../shared/clock.js';
import type { Logger } from '../../shared/logger.js';
import type { Store } from '../../store/store.js';
import type { BackupSource } from '../addons.js';
import type { BackupFiles } from './files.js';

export interface BackupParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly files: BackupFiles;
  /** Rejects where the add-on cannot be backed up, or not now. */
  readonly source: (addonId: string) => Promise<BackupSource>;
  /** How many backups of each origin an add-on keeps. */
  readonly kept: number;
  /** A line `app[api]` in the app's log. */
  readonly record: (appId: string, text: string) => void;
}
