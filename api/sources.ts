import { Type, type Static } from 'typebox';

/** `POST /sources`: PUT the tarball (gzip or plain tar, raw body) to `put_url`, name `get_url` in the build. */
export const Source = Type.Object({
  source_blob: Type.Object({ get_url: Type.String(), put_url: Type.String() }),
});
export type Source = Static<typeof Source>;
