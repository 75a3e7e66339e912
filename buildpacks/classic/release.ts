import { parseDocument, type Document } from 'yaml';
import { anything, invalid, mapOf, object, text, type Report } from '../checks.js';
import { isProcessType } from '../procfile.js';

/** What a buildpack's `bin/release` says of running what it built. */
export interface BuildpackRelease {
  /** Below the Procfile's. */
  readonly processTypes: Readonly<Record<string, string>>;
  /** Environment of every dyno, below the app's config vars. */
  readonly env: Readonly<Record<string, string>>;
  /** Add-ons that it would like the app to have. */
  readonly addons: readonly string[];
}

export type ReadRelease =
  | { readonly ok: true; readonly release: BuildpackRelease; readonly ignored: readonly string[] }
  | { readonly ok: false; readonly problem: string };

const asText = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;

const schema = object({
  default_process_types: mapOf(text, isProcessType, 'the name of a process type'),
  config_vars: mapOf<string>(
    (value, at, report) => text(asText(value), at, report),
    (key) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key),
    'the name of a config var',
  ),
  addons: anything,
});

/** Given by the platform to each dyno on its own; buildpacks of old set some. */
const isOfPlatform = (name: string): boolean =>
  /^(?:PORT|DYNO|PATH|HOME|TMPDIR)$|^(?:TFK|HEROKU)_/.test(name);

/** The YAML that `bin/release` printed; nothing at all is as good as an empty map. */
export function readRelease(yaml: string): ReadRelease {
  const document = parseDocument(yaml, { uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) return { ok: false, problem: broken.message.split('\n')[0] ?? 'it is no YAML' };
  const value = plain(document);
  if (value === undefined) return { ok: false, problem: 'it says with aliases far more than is written' };
  const report: Report = { problems: [], warnings: [] };
  const read = schema(withoutNulls(value), '', report);
  if (read === invalid || report.problems.length > 0)
    return { ok: false, problem: report.problems[0] ?? 'it is no map' };
  const config = Object.entries(read.config_vars ?? {});
  return {
    ok: true,
    release: {
      processTypes: read.default_process_types ?? {},
      env: Object.fromEntries(config.filter(([name]) => !isOfPlatform(name))),
      addons: Array.isArray(read.addons) ? read.addons.filter((addon) => typeof addon === 'string') : [],
    },
    ignored: config.map(([name]) => name).filter(isOfPlatform),
  };
}

/** Undefined for aliases beyond all need. */
function plain(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch {
    return undefined;
  }
}

/** `addons:` with nothing behind it. */
const withoutNulls = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
    : value;
