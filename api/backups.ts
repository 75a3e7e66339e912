import { Type, type Static } from 'typebox';
import { MapOf, NamedRef, Nullable, Time, Uuid } from './fields.js';

/** Backups of add-ons, ours beyond Heroku's Platform API: `/tfk/apps/:app/backups`. */

export const Backup = Type.Object({
  addon: NamedRef,
  app: NamedRef,
  created_at: Time(),
  finished_at: Nullable(Time()),
  id: Uuid(),
  /** How many of this origin the add-on keeps. */
  kept: Type.Integer(),
  /** `b007` */
  name: Type.String(),
  /** What is in it; null: nobody has looked. A digest is the same for the same rows in any order. */
  content: Nullable(
    Type.Object({
      version: Type.String(),
      tables: Type.Array(Type.Object({ name: Type.String(), rows: Type.Integer(), digest: Type.String() })),
      objects: MapOf(Type.Object({ count: Type.Integer(), digest: Type.String() })),
    }),
  ),
  origin: Type.Union([Type.Literal('manual'), Type.Literal('scheduled'), Type.Literal('uploaded')]),
  /** Why it is not verified. */
  reason: Nullable(Type.String()),
  /** Of its file; null: there is none. */
  sha256: Nullable(Type.String()),
  size: Nullable(Type.Integer()),
  state: Type.Union([
    Type.Literal('pending'),
    Type.Literal('running'),
    Type.Literal('verified'),
    Type.Literal('unverified'),
    Type.Literal('failed'),
  ]),
  user: Type.Object({ email: Type.String() }),
});
export type Backup = Static<typeof Backup>;

/** `POST /tfk/apps/:app/backups`; with `upload`, the file of it is sent to its `put_url` by PUT. */
export const CreateBackup = Type.Object({
  /** An add-on or attachment of the app. */
  addon: Type.String(),
  upload: Type.Optional(Type.Boolean()),
});
export type CreateBackup = Static<typeof CreateBackup>;

export const CreatedBackup = Type.Object({ ...Backup.properties, put_url: Nullable(Type.String()) });
export type CreatedBackup = Static<typeof CreatedBackup>;

/** `POST /tfk/apps/:app/restores`: all data of the add-on is replaced. `confirm` is the app's name. */
export const CreateRestore = Type.Object({
  addon: Type.String(),
  backup: Type.String(),
  confirm: Type.String(),
});
export type CreateRestore = Static<typeof CreateRestore>;

export const Restore = Type.Object({
  addon: NamedRef,
  app: NamedRef,
  /** `b007` */
  backup: Type.String(),
  created_at: Time(),
  finished_at: Nullable(Time()),
  id: Uuid(),
  /** `r008` */
  name: Type.String(),
  reason: Nullable(Type.String()),
  state: Type.Union([
    Type.Literal('pending'),
    Type.Literal('running'),
    Type.Literal('succeeded'),
    Type.Literal('failed'),
  ]),
  user: Type.Object({ email: Type.String() }),
});
export type Restore = Static<typeof Restore>;

/** `PUT /tfk/apps/:app/addons/:addon/backup-schedule`: `02:00 Europe/Berlin`, each day. */
export const SetBackupSchedule = Type.Object({ at: Type.String() });
export type SetBackupSchedule = Static<typeof SetBackupSchedule>;

export const BackupSchedule = Type.Object({
  addon: NamedRef,
  at: Type.String(),
  created_at: Time(),
  id: Uuid(),
  next_at: Time(),
});
export type BackupSchedule = Static<typeof BackupSchedule>;
