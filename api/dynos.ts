import { Type, type Static } from 'typebox';
import { MapOf, NamedRef, Nullable, Time, Uuid } from './fields.js';

const heroku = {
  app: NamedRef,
  /** `tfk+attach:/tfk/attach/<secret>` on the creation of an attached dyno, else null. */
  attach_url: Nullable(Type.String()),
  command: Type.String(),
  created_at: Time(),
  id: Uuid(),
  name: Type.String(),
  release: Type.Object({ id: Uuid(), version: Type.Integer() }),
  size: Type.String(),
  /** `starting`, `up`, `crashed`, `down`, `idle`, `complete`, … */
  state: Type.String(),
  type: Type.String(),
  updated_at: Time(),
};

export const Dyno = Type.Object(heroku);
export type Dyno = Static<typeof Dyno>;

/** `GET /tfk/apps/:app/dynos`: with what Heroku does not tell. */
export const DynoDetails = Type.Object({
  ...heroku,
  /** How often it was restarted after crashes, in a row. */
  attempt: Type.Integer(),
  exit_code: Nullable(Type.Integer()),
  instance: Uuid(),
  /** When a crashed dyno is started again. */
  next_start_at: Nullable(Time()),
  ready: Type.Boolean(),
  /** Why it is as it is, in a user's words. */
  reason: Nullable(Type.String()),
});
export type DynoDetails = Static<typeof DynoDetails>;

export const TerminalSize = Type.Object({
  columns: Type.Integer({ minimum: 1, maximum: 65535 }),
  rows: Type.Integer({ minimum: 1, maximum: 65535 }),
});
export type TerminalSize = Static<typeof TerminalSize>;

/** Values of `env` may be numbers: Heroku's client sends COLUMNS and LINES so. */
export const DynoEnv = MapOf(Type.Union([Type.String(), Type.Number(), Type.Boolean()]));
export type DynoEnv = Static<typeof DynoEnv>;

/** `POST /apps/:app/dynos` */
export const CreateDyno = Type.Object({
  attach: Type.Optional(Nullable(Type.Boolean())),
  command: Type.String({ minLength: 1 }),
  env: Type.Optional(DynoEnv),
  force_no_tty: Type.Optional(Nullable(Type.Boolean())),
  size: Type.Optional(Nullable(Type.String())),
  /** Ours: a terminal of that size; without it one is made when `env` has COLUMNS and LINES. */
  terminal: Type.Optional(Nullable(TerminalSize)),
  /** Seconds after which the dyno is ended. */
  time_to_live: Type.Optional(Nullable(Type.Integer({ minimum: 1 }))),
  type: Type.Optional(Nullable(Type.String())),
});
export type CreateDyno = Static<typeof CreateDyno>;

/** `POST /tfk/apps/:app/dynos/:dyno/exec`, and Heroku's `POST /apps/:app/dynos/:dyno` (run:inside). */
export const ExecDyno = Type.Object({
  command: Type.String({ minLength: 1 }),
  env: Type.Optional(DynoEnv),
  force_no_tty: Type.Optional(Nullable(Type.Boolean())),
  terminal: Type.Optional(Nullable(TerminalSize)),
});
export type ExecDyno = Static<typeof ExecDyno>;

export const ExecAnswer = Type.Object({ attach_url: Type.String() });
export type ExecAnswer = Static<typeof ExecAnswer>;
