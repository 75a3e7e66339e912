// @ts-check
/** Decides what a request gets, from its line and headers and the list of files alone. */

import { Pattern } from './pattern.mjs';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('./site.mjs').SiteFile} SiteFile */
/**
 * What stands in settings.json.
 * @typedef {object} Settings
 * @property {string} root
 * @property {readonly string[]} hidden
 * @property {boolean} cleanUrls
 * @property {string | null} fallback the page that a single-page app answers for all its addresses
 * @property {readonly { path: string, to: string }[]} routes
 * @property {readonly { path: string, to: string, status: number }[]} redirects
 * @property {readonly { path: string, set: Readonly<Record<string, string>> }[]} headers
 * @property {readonly string[]} hashedFolders where the build writes files whose names change with their content
 * @property {string} errorPage
 * @property {boolean} httpsOnly
 * @property {string | null} canonicalHost
 */
/**
 * Settings with patterns and variables resolved, and the files.
 * @typedef {object} Site
 * @property {Settings} settings
 * @property {ReadonlyMap<string, SiteFile>} files
 * @property {readonly (readonly [Pattern, string])[]} routes
 * @property {readonly (readonly [Pattern, string, number])[]} redirects
 * @property {readonly (readonly [Pattern, Readonly<Record<string, string>>])[]} headers
 * @property {string | null} canonicalHost
 */
/**
 * @typedef {{ kind: 'file', status: 200 | 404, file: SiteFile, name: string, path: string } | { kind: 'redirect', status: number, to: string } | { kind: 'text', status: number, text: string, headers?: Record<string, string> }} Answer
 * `name`: of the file in the list; `path`: what was asked for, decoded
 */

/** @type {(settings: Settings, files: ReadonlyMap<string, SiteFile>, env: Record<string, string | undefined>) => Site} */
export function settled(settings, files, env) {
  const filled = (/** @type {string} */ text) =>
    text.replace(/\$\{(\w+)\}/g, (_, /** @type {string} */ name) => env[name] ?? '');
  const { routes, redirects, headers, canonicalHost } = settings;
  return {
    settings: { ...settings, fallback: singlePage(settings, files) },
    files,
    routes: routes.map(({ path, to }) => /** @type {const} */ ([pattern(path), absolute(to)])),
    redirects: redirects.map(
      ({ path, to, status }) => /** @type {const} */ ([pattern(path), filled(to), status]),
    ),
    headers: headers.map(({ path, set }) => /** @type {const} */ ([pattern(path), set])),
    canonicalHost: canonicalHost === null ? null : filled(canonicalHost) || null,
  };
}

/** A site with a page for what is missing, or with several pages, is no single-page app. @type {(settings: Settings, files: ReadonlyMap<string, SiteFile>) => string | null} */
function singlePage({ fallback, errorPage }, files) {
  if (fallback === null || files.has(absolute(errorPage))) return null;
  const pages = [...files.keys()].filter((name) => name.endsWith('.html'));
  return pages.length === 1 && pages[0] === absolute(fallback) ? fallback : null;
}

/** @type {(glob: string) => Pattern} */
const pattern = (glob) => new Pattern(absolute(glob));

/** @type {(path: string) => string} */
const absolute = (path) => (path.startsWith('/') ? path : `/${path}`);

/** @type {(request: Pick<Request, 'method' | 'url' | 'headers'>, site: Site) => Answer} */
export function answerTo({ method, url = '', headers }, site) {
  if (method !== 'GET' && method !== 'HEAD')
    return { kind: 'text', status: 405, text: 'Method not allowed\n', headers: { Allow: 'GET, HEAD' } };
  const [raw = '', ...rest] = url.split('?');
  const path = decoded(raw);
  if (path === null) return { kind: 'text', status: 400, text: 'Bad request\n' };
  const query = rest.length === 0 ? '' : `?${rest.join('?')}`;
  return (
    elsewhere(headers, url, site) ??
    redirected(path, query, site) ??
    found(path, query, site) ??
    instead(path, headers, site)
  );
}

/** @type {(raw: string) => string | null} */
function decoded(raw) {
  try {
    const path = decodeURIComponent(raw);
    return path.startsWith('/') && !path.includes('\0') ? path : null;
  } catch {
    return null;
  }
}

/** To the host and scheme that the site wants; for requests that came by way of the router only, health checks do not. @type {(headers: import('node:http').IncomingHttpHeaders, url: string, site: Site) => Answer | null} */
function elsewhere(headers, url, { canonicalHost, settings }) {
  const scheme = headers['x-forwarded-proto'];
  if (scheme === undefined) return null;
  const asked = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const host = canonicalHost?.toLowerCase() ?? asked;
  const insecure = settings.httpsOnly && scheme !== 'https';
  if (host === asked && !insecure) return null;
  return { kind: 'redirect', status: 301, to: `${insecure ? 'https' : String(scheme)}://${host}${url}` };
}

/** @type {(path: string, query: string, site: Site) => Answer | null} */
function redirected(path, query, { redirects }) {
  const [, to, status] = redirects.find(([asked]) => asked.test(path)) ?? [];
  return to === undefined || status === undefined ? null : { kind: 'redirect', status, to: to + query };
}

/** The file itself, or the place where it is really to be had. @type {(path: string, query: string, site: Site) => Answer | null} */
function found(path, query, { files, settings }) {
  if (settings.cleanUrls && path.endsWith('.html') && files.has(path)) {
    const clean = path.slice(0, -'.html'.length).replace(/(?<=\/)index$/, '');
    return { kind: 'redirect', status: 301, to: encoded(clean) + query };
  }
  const name = path.endsWith('/') ? `${path}index.html` : path;
  const page = fileOf(name, path, files) ?? (settings.cleanUrls ? fileOf(`${name}.html`, path, files) : null);
  if (page !== null) return page;
  if (!path.endsWith('/') && files.has(`${path}/index.html`))
    return { kind: 'redirect', status: 301, to: `${encoded(path)}/${query}` };
  return null;
}

/** @type {(path: string) => string} */
const encoded = (path) => path.split('/').map(encodeURIComponent).join('/');

/** A route of static.json, a single-page app's page, or the page for what is missing. @type {(path: string, headers: import('node:http').IncomingHttpHeaders, site: Site) => Answer} */
function instead(path, headers, { files, routes, settings }) {
  const route = routes.find(([asked]) => asked.test(path))?.[1];
  const { fallback, errorPage } = settings;
  const instead = route ?? (wantsPage(path, headers) ? fallback : null);
  return (
    (instead === null ? null : fileOf(absolute(instead), path, files)) ??
    fileOf(absolute(errorPage), path, files, 404) ?? { kind: 'text', status: 404, text: 'Not found\n' }
  );
}

/** @type {(name: string, path: string, files: ReadonlyMap<string, SiteFile>, status?: 200 | 404) => Answer | null} */
function fileOf(name, path, files, status = 200) {
  const file = files.get(name);
  return file === undefined ? null : { kind: 'file', status, file, name, path };
}

/** A script that is gone must not be answered by a page: `/users/42` wants one, `/old.js` only in the address bar. @type {(path: string, headers: import('node:http').IncomingHttpHeaders) => boolean} */
const wantsPage = (path, { accept = '' }) => !/\.[^/]*$/.test(path) || accept.includes('text/html');
