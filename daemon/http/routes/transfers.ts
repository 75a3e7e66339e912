import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  CreateTransferRestore,
  Transfer,
  TransferUrl,
  type Transfer as TransferJson,
} from '../../../api/index.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { BackupRecord } from '../../store/backups.js';
import type { RestoreRecord } from '../../store/restores.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import { timeOf } from '../platform.js';
import { changeableDatabase, findBackup, findRestore, transferName } from '../transfers.js';

interface OfApp {
  Params: { app: string };
}
interface OfTransfer {
  Params: { app: string; transfer: string };
}
interface OfDatabase {
  Params: { database: string };
}

const TRANSFERS = '/client/v11/apps/:app/transfers';
const SHARED = '/tfk/backups/';
/** What stands for a backup's address at Heroku. */
const REFERENCE = 'tfk-backup:';

/** As Heroku's data service has them, for `heroku pg:backups`. */
export function transferRoutes(app: FastifyInstance, context: Context): void {
  readRoutes(app, context);
  changeRoutes(app, context);
}

function readRoutes(app: FastifyInstance, { services, baseUrl }: Context): void {
  app.get<OfApp>(TRANSFERS, { schema: { response: { 200: Type.Array(Transfer) } } }, ({ params }) => {
    const { id } = findApp(services, params.app);
    return [
      ...services.records.backups.list(id).map(backupJson),
      ...services.records.restores.list(id).map(restoreJson),
    ];
  });
  app.get<OfTransfer>(`${TRANSFERS}/:transfer`, { schema: { response: { 200: Transfer } } }, ({ params }) => {
    const owner = findApp(services, params.app);
    const { backups, restores } = services.records;
    const isMeant = ({ id, number }: { id: string; number: number }): boolean =>
      id === params.transfer || String(number) === params.transfer;
    const backup = backups.list(owner.id).find(isMeant);
    if (backup) return backupJson(backup);
    return restoreJson(
      restores.list(owner.id).find(isMeant) ?? findRestore(services, owner, params.transfer),
    );
  });
  app.post<OfTransfer>(
    `${TRANSFERS}/:transfer/actions/public-url`,
    { config: { scope: 'read-protected' }, schema: { response: { 200: TransferUrl } } },
    (request) => {
      const { app: name, transfer } = request.params;
      const backup = findBackup(services, findApp(services, name), transfer);
      const { secret, until } = services.backups.share(backup);
      // Heroku's CLI fetches it by HTTPS alone, which the same port speaks.
      const base = baseUrl(request).replace(/^http:/, 'https:');
      return { url: `${base}${SHARED}${secret}`, expires_at: timeOf(until) };
    },
  );
  app.get<{ Params: { secret: string } }>(
    `${SHARED}:secret`,
    { config: { secretUrl: true }, exposeHeadRoute: false },
    async ({ params }, reply) => {
      const backup = services.backups.shared(params.secret);
      if (!backup) throw notFound('backup', 'There is no such backup, or no longer.');
      const content = await services.backups.open(backup);
      void reply.type('application/octet-stream').header('content-length', backup.bytes ?? undefined);
      return reply.send(content);
    },
  );
}

function changeRoutes(app: FastifyInstance, context: Context): void {
  const { services, actor } = context;
  const one = { schema: { response: { 201: Transfer } } };
  const own = (request: FastifyRequest<OfDatabase>) =>
    changeableDatabase(services, request.params.database, context.visible(request));
  app.post<OfDatabase>('/client/v11/databases/:database/backups', one, (request, reply) => {
    void reply.status(201);
    return backupJson(services.backups.capture(own(request), 'manual', actor(request)));
  });
  app.post<OfDatabase & { Body: CreateTransferRestore }>(
    '/client/v11/databases/:database/restores',
    { config: { scope: 'write-protected' }, schema: { body: CreateTransferRestore, ...one.schema } },
    (request, reply) => {
      const addon = own(request);
      const { backup_url: url } = request.body;
      if (!url.startsWith(REFERENCE)) throw elsewhere();
      const owner = findApp(services, addon.appId);
      const backup = findBackup(services, owner, url.slice(REFERENCE.length));
      void reply.status(201);
      return restoreJson(services.backups.restore(addon, backup, actor(request)));
    },
  );
  app.delete<OfTransfer>(
    `${TRANSFERS}/:transfer`,
    { schema: { response: { 200: Transfer } } },
    async ({ params }) => {
      const backup = findBackup(services, findApp(services, params.app), params.transfer);
      await services.backups.remove(backup);
      return backupJson(backup);
    },
  );
}

/** tfkd fetches nothing on others' behalf. */
const elsewhere = (): TfkError =>
  new TfkError('invalid_params', 'A backup is not fetched from elsewhere here. Nothing was changed.', {
    hint: 'Download it, and type: tfk pg:backups:restore FILE',
  });

function backupJson(backup: BackupRecord): TransferJson {
  const { state, reason, origin } = backup;
  return {
    ...common(backup),
    from_name: backup.addonName,
    from_type: 'pg_dump',
    logs: logsOf(backup, reason ?? state),
    processed_bytes: backup.bytes ?? 0,
    schedule: origin === 'scheduled' ? {} : null,
    succeeded: backup.finishedAt === null ? null : state !== 'failed',
    to_name: 'BACKUP',
    to_type: 'gof3r',
    to_url: backup.bytes === null ? null : `${REFERENCE}${backup.id}`,
    warnings: state === 'unverified' ? 1 : 0,
  };
}

function restoreJson(restore: RestoreRecord): TransferJson {
  const { state, reason } = restore;
  return {
    ...common(restore),
    from_name: transferName('b', { number: restore.backupNumber }),
    from_type: 'gof3r',
    logs: logsOf(restore, reason ?? state),
    processed_bytes: 0,
    schedule: null,
    succeeded: restore.finishedAt === null ? null : state === 'succeeded',
    to_name: restore.addonName,
    to_type: 'pg_restore',
    to_url: null,
    warnings: 0,
  };
}

function common({ id, number, state, createdAt, finishedAt }: BackupRecord | RestoreRecord) {
  return {
    created_at: timeOf(createdAt),
    finished_at: finishedAt === null ? null : timeOf(finishedAt),
    num: number,
    options: {},
    source_bytes: null,
    started_at: state === 'pending' ? null : timeOf(createdAt),
    uuid: id,
  };
}

const logsOf = ({ createdAt, finishedAt }: BackupRecord | RestoreRecord, message: string) => [
  { created_at: timeOf(finishedAt ?? createdAt), message },
];
