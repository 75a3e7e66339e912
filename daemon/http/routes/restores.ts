import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CreateRestore, Restore, type Restore as RestoreJson } from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { RestoreRecord } from '../../store/restores.js';
import { ownAddonOf } from '../addon-lookup.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';
import { findBackup, findRestore, transferName } from '../transfers.js';

interface OfApp {
  Params: { app: string };
}

const ORDERS: Orders<RestoreRecord> = { number: ({ number }) => number, id: ({ id }) => id };

export function restoreRoutes(app: FastifyInstance, { services, actor }: Context): void {
  app.get<OfApp>(
    '/tfk/apps/:app/restores',
    { schema: { response: { 200: Type.Array(Restore) } } },
    (request, reply) => {
      const record = findApp(services, request.params.app);
      const items = services.records.restores.list(record.id);
      const toJson = (restore: RestoreRecord) => restoreJson(record, restore);
      return sendPage(request, reply, { items, orders: ORDERS, toJson });
    },
  );
  app.get<OfApp & { Params: { restore: string } }>(
    '/tfk/apps/:app/restores/:restore',
    { schema: { response: { 200: Restore } } },
    ({ params }) => {
      const record = findApp(services, params.app);
      return restoreJson(record, findRestore(services, record, params.restore));
    },
  );
  app.post<OfApp & { Body: CreateRestore }>(
    '/tfk/apps/:app/restores',
    { config: { scope: 'write-protected' }, schema: { body: CreateRestore, response: { 202: Restore } } },
    (request, reply) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const addon = ownAddonOf(services, { app: params.app, addon: body.addon });
      const backup = findBackup(services, record, body.backup);
      if (body.confirm !== record.name) throw unconfirmed(record, addon.name);
      void reply.status(202);
      return restoreJson(record, services.backups.restore(addon, backup, actor(request)));
    },
  );
}

const unconfirmed = ({ name }: AppRecord, addon: string): TfkError =>
  new TfkError('confirmation_required', `Restoring replaces all data of ${addon}. Nothing was changed.`, {
    hint: `Confirm it with --confirm ${name}`,
  });

function restoreJson(app: AppRecord, restore: RestoreRecord): RestoreJson {
  return {
    addon: { id: restore.addonId, name: restore.addonName },
    app: { id: app.id, name: app.name },
    backup: transferName('b', { number: restore.backupNumber }),
    created_at: timeOf(restore.createdAt),
    finished_at: restore.finishedAt === null ? null : timeOf(restore.finishedAt),
    id: restore.id,
    name: transferName('r', restore),
    reason: restore.reason,
    state: restore.state,
    user: { email: restore.actor },
  };
}
