/** What a fetch came to: `unchanged` where the version that is here already is still the newest. */
export type Fetched =
  { readonly changed: false } | { readonly changed: true; readonly version: string | null };

/** How one buildpack is fetched from elsewhere. */
export interface Fetching {
  /** An empty folder to work in, which goes away afterwards. */
  readonly scratch: string;
  /** Where the archive of its files is to be. */
  readonly archive: string;
  /** What the copy that is here was told of its version: a commit, or a server's tag for it; null: there is none. */
  readonly known: string | null;
  /** Bytes that it may have. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** There is no such buildpack, by the word of who should have it: a copy of earlier days would hide that. */
export class NoSuchBuildpack extends Error {
  override readonly name = 'NoSuchBuildpack';
}
