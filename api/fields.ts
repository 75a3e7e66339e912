import { Type, type Static, type TSchema } from 'typebox';

/** Pieces that the resources share. Everything on the wire is snake_case, ids are UUIDs, times are RFC 3339 in UTC. */

export const Uuid = (): ReturnType<typeof Type.String> => Type.String({ format: 'uuid' });
export const Time = (): ReturnType<typeof Type.String> => Type.String({ format: 'date-time' });

/** The value or null: how Heroku's API writes "none". */
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** An object with any keys. Unlike Type.Record it also holds for keys with a line feed in them. */
export const MapOf = <T extends TSchema>(schema: T) =>
  Type.Unsafe<Record<string, Static<T>>>({ type: 'object', additionalProperties: schema });

/** A field of Heroku's API that its clients send and that means nothing here: taken, and passed over. */
export const Meaningless = () => Type.Optional(Type.Unknown());

/** A reference to another resource. */
export const IdRef = Type.Object({ id: Uuid() });
export const NamedRef = Type.Object({ id: Uuid(), name: Type.String() });
export type NamedRef = Static<typeof NamedRef>;

/** What a request names: an id or a name, or an object with one of them. */
export const Identity = Type.Union([
  Type.String(),
  Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }),
]);
export type Identity = Static<typeof Identity>;

export const UserRef = Type.Object({ id: Uuid(), email: Type.String() });
export type UserRef = Static<typeof UserRef>;

/** What asynchronous actions without a resource answer: `{}` with status 202. */
export const Accepted = Type.Object({});
export type Accepted = Static<typeof Accepted>;
