import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  BackupSchedule,
  SetBackupSchedule,
  type BackupSchedule as BackupScheduleJson,
} from '../../../api/index.js';
import { timeText } from '../../addons/backups/times.js';
import { notFound } from '../../shared/errors.js';
import type { AddonRecord } from '../../store/addons.js';
import type { BackupScheduleRecord } from '../../store/backup-schedules.js';
import { addonsOf, ownAddonOf } from '../addon-lookup.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import { timeOf } from '../platform.js';
import type { Services } from '../services.js';

interface OfApp {
  Params: { app: string };
}
interface OfAddon {
  Params: { app: string; addon: string };
}

const PATH = '/tfk/apps/:app/addons/:addon/backup-schedule';

export function backupScheduleRoutes(app: FastifyInstance, { services }: Context): void {
  app.get<OfApp>(
    '/tfk/apps/:app/backup-schedules',
    { schema: { response: { 200: Type.Array(BackupSchedule) } } },
    ({ params }) =>
      addonsOf(services, findApp(services, params.app)).flatMap((addon) => {
        const schedule = services.records.backupSchedules.of(addon.id);
        return schedule ? [scheduleJson(addon, schedule)] : [];
      }),
  );
  app.put<OfAddon & { Body: SetBackupSchedule }>(
    PATH,
    { schema: { body: SetBackupSchedule, response: { 200: BackupSchedule } } },
    ({ params, body }) => {
      const addon = ownAddonOf(services, params);
      return scheduleJson(addon, services.backupSchedules.set(addon, body.at));
    },
  );
  app.delete<OfAddon>(PATH, { schema: { response: { 200: BackupSchedule } } }, ({ params }) => {
    const addon = ownAddonOf(services, params);
    const schedule = scheduleOf(services, addon);
    services.backupSchedules.remove(addon);
    return scheduleJson(addon, schedule);
  });
}

function scheduleOf(services: Services, { id, name }: AddonRecord): BackupScheduleRecord {
  const schedule = services.records.backupSchedules.of(id);
  if (schedule) return schedule;
  throw notFound('backup_schedule', `No backups of ${name} are scheduled.`, 'See: tfk pg:backups:schedules');
}

function scheduleJson({ id, name }: AddonRecord, schedule: BackupScheduleRecord): BackupScheduleJson {
  return {
    addon: { id, name },
    at: timeText(schedule),
    created_at: timeOf(schedule.createdAt),
    id: schedule.id,
    next_at: timeOf(schedule.nextAt),
  };
}
