import {
  anything,
  flag,
  invalid,
  mapOf,
  object,
  shortOrLong,
  text,
  whole,
  type Checked,
  type Report,
} from '../checks.js';
import { parseJson } from '../json.js';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { type SiteSettings } from './settings.js';

const isText = (value: unknown): boolean => typeof value === 'string';
const anyPath = <T>(check: Parameters<typeof mapOf<T>>[0]) => mapOf(check, (key) => key !== '', 'a path');
/** Those of the connection are the server's own. */
const isHeaderName = (key: string): boolean =>
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(key) &&
  !/^(?:connection|content-length|transfer-encoding)$/i.test(key);

/** A file in the site, which no `..` leads out of. */
const inside: typeof text = (value, at, report) => {
  const path = text(value, at, report);
  if (path === invalid || !path.split('/').includes('..')) return path;
  report.problems.push(`${at}: leads out of its folder`);
  return invalid;
};

const headerValue: typeof text = (value, at, report) => {
  const line = text(value, at, report);
  if (line === invalid || /^[\t\x20-\x7e\x80-\xff]*$/.test(line)) return line;
  report.problems.push(`${at}: holds what no header can`);
  return invalid;
};

/** The fields of Heroku's static buildpack. */
const check = object({
  root: inside,
  clean_urls: flag,
  routes: anyPath(inside),
  redirects: anyPath(
    shortOrLong(isText, headerValue, object({ url: headerValue, status: whole(300, 308) }, ['url'])),
  ),
  headers: anyPath(mapOf(headerValue, isHeaderName, 'a header that a site can set')),
  error_page: inside,
  https_only: flag,
  canonical_host: headerValue,
  basic_auth: anything,
  basic_auth_path: anything,
  proxies: anything,
  encoding: text,
});

/** The settings of a source's static.json, upon those of a site without one. */
export interface StaticJson {
  readonly root: string | null;
  readonly over: (site: SiteSettings) => SiteSettings;
  readonly warnings: readonly string[];
}

export function readStaticJson(source: SourceTree): StaticJson {
  const json = source.read('static.json');
  if (json === null) {
    if (source.has('static.json')) throw new PlanError('static.json is not a regular file of at most 1 MiB.');
    return { root: null, over: (site) => site, warnings: [] };
  }
  const report: Report = { problems: [], warnings: [] };
  const fields = check(parseJson('static.json', json), '', report);
  if (fields === invalid || report.problems.length > 0) {
    throw new PlanError(
      ['static.json is not as it should be:', ...report.problems.map((problem) => `  ${problem}`)].join('\n'),
      'Correct static.json and push again.',
    );
  }
  refuseOpenDoor(fields);
  const root = fields.root === undefined ? null : folderOf(fields.root);
  return { root, over: (site) => settingsOf(fields, site), warnings: warningsOf(fields, report) };
}

type Fields = Checked<typeof check>;

/** What its developer believes to be locked must not be served to everybody. */
function refuseOpenDoor(fields: Fields): void {
  const asked = fields.basic_auth ?? fields.basic_auth_path ?? false;
  if (asked === false) return;
  throw new PlanError(
    'static.json asks for basic_auth, which tfk does not have: the site would be open to everybody.',
    'Remove basic_auth from static.json if it may be, or serve the site by a program of your own.',
  );
}

const folderOf = (root: string): string => root.replace(/^(?:\.?\/)+|\/+$/g, '') || '.';

function settingsOf(fields: Fields, site: SiteSettings): SiteSettings {
  const { routes, redirects, headers } = fields;
  return {
    ...site,
    cleanUrls: fields.clean_urls ?? site.cleanUrls,
    routes: Object.entries(routes ?? {}).map(([path, to]) => ({ path, to })),
    redirects: Object.entries(redirects ?? {}).map(([path, to]) =>
      typeof to === 'string' ? { path, to, status: 301 } : { path, to: to.url, status: to.status ?? 301 },
    ),
    headers: Object.entries(headers ?? {}).map(([path, set]) => ({ path, set })),
    errorPage: fields.error_page ?? site.errorPage,
    httpsOnly: fields.https_only ?? site.httpsOnly,
    canonicalHost: fields.canonical_host ?? site.canonicalHost,
  };
}

function warningsOf({ proxies, encoding }: Fields, report: Report): string[] {
  const others = [...report.warnings];
  if (proxies !== undefined) others.push('proxies: requests are not passed on to other servers by tfk');
  if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
    others.push('encoding: text files are served as UTF-8');
  return others.map((warning) => `static.json: ${warning}`);
}
