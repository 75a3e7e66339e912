import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  CreateTransferSchedule,
  TransferSchedule,
  type TransferSchedule as TransferScheduleJson,
} from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { AddonRecord } from '../../store/addons.js';
import type { BackupScheduleRecord } from '../../store/backup-schedules.js';
import type { Context } from '../context.js';
import { findAddon } from '../find.js';
import type { Services } from '../services.js';
import { changeableDatabase } from '../transfers.js';

interface OfDatabase {
  Params: { database: string };
}
interface OfSchedule {
  Params: { database: string; schedule: string };
}

const SCHEDULES = '/client/v11/databases/:database/transfer-schedules';

/** As Heroku's data service has them, for `heroku pg:backups:schedule`; it knows hours alone. */
export function transferScheduleRoutes(app: FastifyInstance, { services, visible }: Context): void {
  app.get<OfDatabase>(
    SCHEDULES,
    { schema: { response: { 200: Type.Array(TransferSchedule) } } },
    ({ params }) => {
      const addon = findAddon(services, params.database);
      const schedule = services.records.backupSchedules.of(addon.id);
      return schedule ? [scheduleJson(services, addon, schedule)] : [];
    },
  );
  app.post<OfDatabase & { Body: CreateTransferSchedule }>(
    SCHEDULES,
    { schema: { body: CreateTransferSchedule, response: { 201: TransferSchedule } } },
    (request, reply) => {
      const { hour, timezone } = request.body;
      const addon = changeableDatabase(services, request.params.database, visible(request));
      const schedule = services.backupSchedules.set(addon, `${hour}:00 ${timezone ?? 'UTC'}`);
      void reply.status(201);
      return scheduleJson(services, addon, schedule);
    },
  );
  app.delete<OfSchedule>(
    `${SCHEDULES}/:schedule`,
    { schema: { response: { 200: TransferSchedule } } },
    (request) => {
      const { database, schedule: id } = request.params;
      const addon = changeableDatabase(services, database, visible(request));
      const schedule = services.records.backupSchedules.of(addon.id);
      if (schedule?.id !== id)
        throw notFound(
          'backup_schedule',
          `${addon.name} has no such schedule.`,
          'See: heroku pg:backups:schedules',
        );
      services.backupSchedules.remove(addon);
      return scheduleJson(services, addon, schedule);
    },
  );
}

/** Named as its clients look for it: by the config var of the database. */
function scheduleJson(
  services: Services,
  addon: AddonRecord,
  { id, hour, timeZone }: BackupScheduleRecord,
): TransferScheduleJson {
  const attachment = services.records.addons.attachments().find(({ addonId }) => addonId === addon.id);
  const name = (attachment && services.addons.configKeys(attachment)[0]) ?? addon.name;
  return { hour, name, timezone: timeZone, uuid: id };
}
