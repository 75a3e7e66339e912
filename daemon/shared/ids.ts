import { randomBytes, randomUUID } from 'node:crypto';

/** A new resource id (RFC 9562 UUID, version 4), as Heroku's API has them. */
export const newId = (): string => randomUUID();

/** An unguessable, URL-safe secret of 256 bits. */
export const newSecret = (): string => randomBytes(32).toString('base64url');
