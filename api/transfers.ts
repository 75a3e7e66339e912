import { Type, type Static } from 'typebox';
import { Nullable, Time, Uuid } from './fields.js';

/** Backups and restores as Heroku's data service tells them to its clients, which ask for them at `HEROKU_DATA_HOST`. */

const Log = Type.Object({ created_at: Time(), message: Type.String() });

/** `GET /client/v11/apps/:app/transfers`: a backup goes from `pg_dump` to `gof3r`, a restore from there to `pg_restore`. */
export const Transfer = Type.Object({
  created_at: Time(),
  finished_at: Nullable(Time()),
  from_name: Type.String(),
  from_type: Type.String(),
  logs: Type.Array(Log),
  num: Type.Integer(),
  options: Type.Object({}),
  processed_bytes: Type.Integer(),
  schedule: Nullable(Type.Object({})),
  source_bytes: Type.Null(),
  started_at: Nullable(Time()),
  succeeded: Nullable(Type.Boolean()),
  to_name: Type.String(),
  to_type: Type.String(),
  /** What a restore names it by. */
  to_url: Nullable(Type.String()),
  uuid: Uuid(),
  warnings: Type.Integer(),
});
export type Transfer = Static<typeof Transfer>;

/** `POST /client/v11/databases/:database/restores` */
export const CreateTransferRestore = Type.Object({
  backup_url: Type.String(),
  extensions: Type.Optional(Nullable(Type.Array(Type.String()))),
});
export type CreateTransferRestore = Static<typeof CreateTransferRestore>;

/** `POST …/transfers/:num/actions/public-url`: an address that needs no token, for a while. */
export const TransferUrl = Type.Object({ expires_at: Time(), url: Type.String() });
export type TransferUrl = Static<typeof TransferUrl>;

/** `POST /client/v11/databases/:database/transfer-schedules` */
export const CreateTransferSchedule = Type.Object({
  hour: Type.Union([Type.String(), Type.Integer()]),
  timezone: Type.Optional(Nullable(Type.String())),
  schedule_name: Type.Optional(Nullable(Type.String())),
});
export type CreateTransferSchedule = Static<typeof CreateTransferSchedule>;

export const TransferSchedule = Type.Object({
  hour: Type.Integer(),
  name: Type.String(),
  timezone: Type.String(),
  uuid: Uuid(),
});
export type TransferSchedule = Static<typeof TransferSchedule>;
