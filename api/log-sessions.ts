import { Type, type Static } from 'typebox';
import { Nullable, Time, Uuid } from './fields.js';

export const LogSession = Type.Object({
  created_at: Time(),
  id: Uuid(),
  /** Server-sent events, one line each. Holds a secret, needs no token. */
  logplex_url: Type.String(),
  updated_at: Time(),
});
export type LogSession = Static<typeof LogSession>;

/** `POST /apps/:app/log-sessions`. `dyno` without a number means a process type. */
export const CreateLogSession = Type.Object({
  dyno: Type.Optional(Nullable(Type.String())),
  dyno_name: Type.Optional(Nullable(Type.String())),
  type: Type.Optional(Nullable(Type.String())),
  lines: Type.Optional(Nullable(Type.Integer({ minimum: 0 }))),
  source: Type.Optional(Nullable(Type.String())),
  tail: Type.Optional(Nullable(Type.Boolean())),
  /** Ours: a time (RFC 3339), or how long ago (`90s`, `10m`, `2h`, `1d`). */
  since: Type.Optional(Nullable(Type.String())),
  /** Ours: lines of that release's dynos only. */
  release: Type.Optional(Nullable(Type.Integer({ minimum: 1 }))),
  /** Ours: a plain substring of the text. */
  grep: Type.Optional(Nullable(Type.String())),
  /** Ours: `json` makes each event's data a JSON object (LogEvent). */
  format: Type.Optional(Nullable(Type.Union([Type.Literal('text'), Type.Literal('json')]))),
});
export type CreateLogSession = Static<typeof CreateLogSession>;

/** One line with `format: "json"`. */
export const LogEvent = Type.Object({
  time: Time(),
  source: Type.String(),
  dyno: Type.String(),
  stream: Nullable(Type.String()),
  release: Nullable(Type.Integer()),
  sequence: Type.Integer(),
  text: Type.String(),
});
export type LogEvent = Static<typeof LogEvent>;
