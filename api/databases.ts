import { Type, type Static } from 'typebox';
import { Nullable, Time, Uuid } from './fields.js';

/** What Heroku's clients ask the host of its databases, which is tfkd too (HEROKU_DATA_HOST). It is in no published schema. */

/** `GET /client/v11/databases/:database` */
export const Database = Type.Object({
  addon: Type.Object({ id: Uuid(), name: Type.String() }),
  created_at: Time(),
  following: Type.Null(),
  forked_from: Type.Null(),
  /** In the order in which `pg:info` prints it. */
  info: Type.Array(Type.Object({ name: Type.String(), values: Type.Array(Type.String()) })),
  name: Type.String(),
  plan: Type.String(),
  /** Where dynos reach it, without user and password: clients compare it with config vars. */
  resource_url: Nullable(Type.String()),
});
export type Database = Static<typeof Database>;

/** `GET /client/v11/databases/:database/wait_status` */
export const DatabaseStatus = Type.Object({
  'error?': Type.Boolean(),
  message: Type.String(),
  'waiting?': Type.Boolean(),
});
export type DatabaseStatus = Static<typeof DatabaseStatus>;

/** `GET /postgres/v0/databases/:database/credentials`, without its secrets. */
export const DatabaseCredential = Type.Object({ name: Type.String(), state: Type.String(), uuid: Uuid() });
export type DatabaseCredential = Static<typeof DatabaseCredential>;
