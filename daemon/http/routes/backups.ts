import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Backup, CreateBackup, CreatedBackup, type Backup as BackupJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { BackupRecord } from '../../store/backups.js';
import { ownAddonOf } from '../addon-lookup.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';
import type { Services } from '../services.js';
import { findBackup, transferName } from '../transfers.js';
import { uploadRoute } from '../upload.js';

const UPLOADS = '/tfk/backups/';

interface OfApp {
  Params: { app: string };
}
interface OfBackup {
  Params: { app: string; backup: string };
}

const ORDERS: Orders<BackupRecord> = { number: ({ number }) => number, id: ({ id }) => id };

export function backupRoutes(app: FastifyInstance, context: Context): void {
  readRoutes(app, context);
  changeRoutes(app, context);
}

function readRoutes(app: FastifyInstance, { services }: Context): void {
  app.get<OfApp>(
    '/tfk/apps/:app/backups',
    { schema: { response: { 200: Type.Array(Backup) } } },
    (request, reply) => {
      const record = findApp(services, request.params.app);
      const items = services.records.backups.list(record.id);
      const toJson = (backup: BackupRecord) => backupJson(services, record, backup);
      return sendPage(request, reply, { items, orders: ORDERS, toJson });
    },
  );
  app.get<OfBackup>(
    '/tfk/apps/:app/backups/:backup',
    { schema: { response: { 200: Backup } } },
    ({ params }) => {
      const record = findApp(services, params.app);
      return backupJson(services, record, findBackup(services, record, params.backup));
    },
  );
  app.get<OfBackup>(
    '/tfk/apps/:app/backups/:backup/content',
    { config: { scope: 'read-protected' }, exposeHeadRoute: false },
    async ({ params }, reply) => {
      const backup = findBackup(services, findApp(services, params.app), params.backup);
      const content = await services.backups.open(backup);
      void reply.type('application/octet-stream').header('content-length', backup.bytes ?? undefined);
      return reply.send(content);
    },
  );
}

function changeRoutes(app: FastifyInstance, { services, actor, baseUrl }: Context): void {
  app.post<OfApp & { Body: CreateBackup }>(
    '/tfk/apps/:app/backups',
    { schema: { body: CreateBackup, response: { 202: CreatedBackup } } },
    (request, reply) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const addon = ownAddonOf(services, { app: params.app, addon: body.addon });
      void reply.status(202);
      if (body.upload !== true) {
        const backup = services.backups.capture(addon, 'manual', actor(request));
        return { ...backupJson(services, record, backup), put_url: null };
      }
      const { backup, secret } = services.backups.announce(addon, actor(request));
      return { ...backupJson(services, record, backup), put_url: `${baseUrl(request)}${UPLOADS}${secret}` };
    },
  );
  app.delete<OfBackup>(
    '/tfk/apps/:app/backups/:backup',
    { schema: { response: { 200: Backup } } },
    async ({ params }) => {
      const record = findApp(services, params.app);
      const backup = findBackup(services, record, params.backup);
      await services.backups.remove(backup);
      return backupJson(services, record, backup);
    },
  );
  uploadRoute(app, UPLOADS, {
    find(secret) {
      const backup = services.backups.announced(secret);
      if (backup) return backup;
      throw notFound('backup', 'There is no such upload.', 'Ask for a new one: POST /tfk/apps/APP/backups');
    },
    take: (backup, body, length) => services.backups.receive(backup, body, length),
  });
}

function backupJson(services: Services, app: AppRecord, backup: BackupRecord): BackupJson {
  return {
    addon: { id: backup.addonId, name: backup.addonName },
    app: { id: app.id, name: app.name },
    content: backup.content as BackupJson['content'],
    created_at: timeOf(backup.createdAt),
    finished_at: backup.finishedAt === null ? null : timeOf(backup.finishedAt),
    id: backup.id,
    kept: services.backups.kept,
    name: transferName('b', backup),
    origin: backup.origin,
    reason: backup.reason,
    sha256: backup.sha256,
    size: backup.bytes,
    state: backup.state,
    user: { email: backup.actor },
  };
}
