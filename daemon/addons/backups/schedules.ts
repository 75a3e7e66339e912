import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
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
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** A day, and what a clock can be put back in it: nothing that is done once a day is further off. */
const FURTHEST_MS = 26 * HOUR_MS;

/** Backups once a day. One whose time passed while tfkd was away, or that another job kept from its turn, is made once, when it can be. */
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

  private lookOrSay(): void {
    try {
      this.look();
    } catch (error) {
      this.parts.logger.error({ err: error }, 'daily backups cannot be looked at now');
    }
  }

  private look(): void {
    const { store, clock } = this.parts;
    const now = clock.now();
    // Reckoned by a clock that was wrong, and has been put right since.
    for (const schedule of store.backupSchedules.dueAfter(now + FURTHEST_MS))
      store.backupSchedules.setNext(schedule.addonId, this.nextOf(schedule, now));
    for (const schedule of store.backupSchedules.due(now)) this.makeOrSay(schedule, now);
  }

  /** On a full disk, say: what is due is still due at the next look. */
  private makeOrSay(schedule: BackupScheduleRecord, now: number): void {
    try {
      // Together, so that no time is passed over when tfkd ends in between.
      this.parts.store.transaction(() => this.make(schedule, now));
    } catch (error) {
      this.parts.logger.error(
        { err: error, addon: schedule.addonId },
        'a backup that is due cannot be made now',
      );
    }
  }

  private make(schedule: BackupScheduleRecord, now: number): void {
    const { store } = this.parts;
    const addon = store.addons.find(schedule.addonId);
    const waits = addon?.state === 'provisioned' && !this.captured(addon);
    if (!waits) store.backupSchedules.setNext(schedule.addonId, this.nextOf(schedule, now));
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
      return now + DAY_MS;
    }
  }

  /** False where it has to wait for what is under way with its database: it is due still, and the next look tries again. */
  private captured(addon: AddonRecord): boolean {
    const { backups, logger, actor } = this.parts;
    try {
      backups.capture(addon, 'scheduled', actor());
      return true;
    } catch (error) {
      if (!(error instanceof TfkError && error.id === 'conflict')) throw error;
      logger.debug({ err: error, addon: addon.name }, 'a daily backup waits');
      return false;
    }
  }
}
