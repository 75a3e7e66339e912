import type { BackupEnd, BackupRecord } from '../../store/backups.js';
import type { BackupParts } from './parts.js';

/** Also as the reason of what tfkd itself gave up. */
export const CUT_SHORT = 'tfkd ended before it was done';
/** Of one that had begun. */
const MADE_AGAIN = `${CUT_SHORT}; it is made again`;
const KEPT_FROM_TURN = 'tfkd ended before its turn; it is made again';
const AGAIN_MS = 30_000;

/**
 * Writes how jobs ended: where the disk is full, again every 30 seconds until it could be written, since a job without an end keeps
 * all others from its database. Each resolves with false where tfkd stops before that; the next one finds it as cut short.
 */
export class Ends {
  constructor(
    private readonly parts: Pick<BackupParts, 'store' | 'clock' | 'logger'>,
    private readonly stopped: AbortSignal,
  ) {}

  backup(id: string, end: BackupEnd): Promise<boolean> {
    const { store, clock } = this.parts;
    return this.written(() => store.backups.end(id, end, clock.now()));
  }

  /** A daily one is due again at once: as often as it was kept from its turn, and once where it had begun. */
  backupCutShort(backup: BackupRecord): Promise<boolean> {
    const { store, clock } = this.parts;
    const write = (): void => {
      const reason = this.reasonOfCut(backup);
      store.backups.end(backup.id, failure(reason), clock.now());
      if (reason !== CUT_SHORT) store.backupSchedules.setNext(backup.addonId, clock.now());
    };
    return this.written(() => store.transaction(write));
  }

  /** Without a reason it has succeeded. */
  restore(id: string, reason: string | null): Promise<boolean> {
    const { store, clock } = this.parts;
    return this.written(() =>
      store.restores.end(id, reason === null ? 'succeeded' : 'failed', reason, clock.now()),
    );
  }

  /** The reason of the one before it tells whether it was the second try itself: what ends tfkd each time is not tried for ever. */
  private reasonOfCut({ addonId, number, origin, state }: BackupRecord): string {
    const { backups, backupSchedules } = this.parts.store;
    if (origin !== 'scheduled' || !backupSchedules.of(addonId)) return CUT_SHORT;
    if (state === 'pending') return KEPT_FROM_TURN;
    const before = backups
      .ofAddon(addonId)
      .find((other) => other.origin === 'scheduled' && other.number < number);
    return before?.reason === MADE_AGAIN ? CUT_SHORT : MADE_AGAIN;
  }

  private async written(write: () => void): Promise<boolean> {
    const { clock, logger } = this.parts;
    for (;;) {
      try {
        write();
        return true;
      } catch (error) {
        logger.error({ err: error }, 'how a backup or restore ended cannot be written now');
      }
      if (this.stopped.aborted) return false;
      await clock.sleep(AGAIN_MS, this.stopped);
    }
  }
}

export const failure = (reason: string): BackupEnd => ({
  state: 'failed',
  reason,
  bytes: null,
  sha256: null,
  content: null,
});
