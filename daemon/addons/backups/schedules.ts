import type { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import type { Logger } from '../../shared/logger.js';
import type { AddonRecord } from '../../store/addons.js';
import type { BackupScheduleRecord } from '../../store/backup-schedules.js';
import type { Store } from '../../store/store.js';
import type { Backups } from './backups.js';
import { nextTime, timeOfDay } from './times.js';

export interface ScheduleParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backups: Pick<Backups, 'capture'>;
  /** In whose name they are made. */
  readonly actor: () => string;
}

const LOOK_MS = 30_000;
const DAY_MS = 24 * 60 * 60_000;

/** Backups once a day. One whose time passed while tfkd was away is made once, when it is back. */
export class BackupSchedules {
  private readonly stopped = new AbortController();

  constructor(private readonly parts: ScheduleParts) {}

  /** `02:00 Europe/Berlin`, in place of the one that the add-on has. */
  set(addon: AddonRecord, at: string): BackupScheduleRecord {
    const { store, clock } = this.parts;
    const time = timeOfDay(at);
    const now = clock.now();
    const schedule = { id: newId(), addonId: addon.id, ...time, nextAt: nextTime(time, now), createdAt: now };
    store.backupSchedules.put(schedule);
    return schedule;
  }

  remove(addon: AddonRecord): void {
    this.parts.store.backupSchedules.delete(addon.id);
  }

  start(): void {
    void this.keepLooking();
  }

  stop(): void {
    this.stopped.abort();
  }

  private async keepLooking(): Promise<void> {
    const { clock } = this.parts;
    const { signal } = this.stopped;
    while (!signal.aborted) {
      this.lookOrSay();
      await clock.sleep(LOOK_MS, signal);
    }
  }

  /** On a full disk, say: what is due is still due at the next look. */
  private lookOrSay(): void {
    try {
      this.look();
    } catch (error) {
      this.parts.logger.error({ err: error }, 'backups that are due cannot be made now');
    }
  }

  private look(): void {
    const { store, clock } = this.parts;
    const now = clock.now();
    for (const schedule of store.backupSchedules.due(now)) {
      const addon = store.addons.find(schedule.addonId);
      // Together, so that no time is passed over when tfkd ends in between.
      store.transaction(() => {
        store.backupSchedules.setNext(schedule.addonId, this.nextOf(schedule, now));
        if (addon?.state === 'provisioned') this.capture(addon);
      });
    }
  }

  /** One whose time zone is not known here any more goes on every 24 hours: better than no backup, and than none of the others. */
  private nextOf(schedule: BackupScheduleRecord, now: number): number {
    try {
      return nextTime(schedule, now);
    } catch (error) {
      const { addonId, timeZone } = schedule;
      this.parts.logger.warn(
        { err: error, addon: addonId, timeZone },
        'the time of a daily backup cannot be told',
      );
      return Math.max(now, schedule.nextAt) + DAY_MS;
    }
  }

  private capture(addon: AddonRecord): void {
    const { backups, logger, actor } = this.parts;
    try {
      backups.capture(addon, 'scheduled', actor());
    } catch (error) {
      logger.warn({ err: error, addon: addon.name }, 'a scheduled backup was left out');
    }
  }
}
