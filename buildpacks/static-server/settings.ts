/** What the static server is told, beside the folder: written into the slug as its `settings.json`. */
export interface SiteSettings {
  /** Relative to the app's root; `.` is the root itself. */
  readonly root: string;
  /** Names in the root that are the app's and not the site's. */
  readonly hidden: readonly string[];
  /** `/about` for `about.html`. */
  readonly cleanUrls: boolean;
  /** The page of a single-page app for all its addresses; has no effect where there are other pages. */
  readonly fallback: string | null;
  readonly routes: readonly { readonly path: string; readonly to: string }[];
  readonly redirects: readonly { readonly path: string; readonly to: string; readonly status: number }[];
  readonly headers: readonly { readonly path: string; readonly set: Readonly<Record<string, string>> }[];
  /** Folders of the site that only a bundler writes to. */
  readonly hashedFolders: readonly string[];
  readonly errorPage: string;
  readonly httpsOnly: boolean;
  readonly canonicalHost: string | null;
}

/** A folder of files, and nothing special. */
export const plainSite = (root: string): SiteSettings => ({
  root,
  hidden: [],
  cleanUrls: false,
  fallback: null,
  routes: [],
  redirects: [],
  headers: [],
  hashedFolders: [],
  errorPage: '404.html',
  httpsOnly: false,
  canonicalHost: null,
});
