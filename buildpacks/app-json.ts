import {
  anything,
  flag,
  invalid,
  listOf,
  mapOf,
  object,
  oneOf,
  shortOrLong,
  text,
  whole,
  type Checked,
  type Report,
} from './checks.js';
import { cron } from './cron.js';
import { parseJson } from './json.js';
import { PlanError } from './planner.js';
import { isProcessType } from './procfile.js';
import type { SourceTree } from './source.js';

const isText = (value: unknown): boolean => typeof value === 'string';
const isConfigKey = (key: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key);
const A_TYPE = 'the name of a process type';

const envVar = shortOrLong(
  isText,
  text,
  object({
    description: text,
    value: text,
    /** Default true: without a value, the first deploy asks for one or fails. */
    required: flag,
    generator: oneOf('secret'),
    sync: flag,
  }),
);

const addon = shortOrLong(
  isText,
  text,
  object({ plan: text, as: text, options: mapOf(text, () => true, 'an option') }, ['plan']),
);

const formationEntry = object({
  quantity: whole(0, 1000),
  size: text,
  max_parallel: whole(1, 1000),
  autoscaling: anything,
  service: anything,
});

/** One check, in Dokku's words; `wait`, `timeout` and `initialDelay` are seconds. */
const healthCheck = object({
  type: oneOf('startup', 'readiness', 'liveness'),
  name: text,
  path: text,
  port: whole(1, 65535),
  scheme: oneOf('http', 'https', 'HTTP', 'HTTPS'),
  attempts: whole(1, 1000),
  wait: whole(0, 3600),
  timeout: whole(1, 3600),
  initialDelay: whole(0, 3600),
  content: text,
  httpHeaders: listOf(object({ name: text, value: text }, ['name', 'value'])),
  command: shortOrLong(isText, text, listOf(text)),
  listening: flag,
  uptime: whole(0, 3600),
  warn: flag,
  onFailure: anything,
});

const scripts = object({
  postdeploy: anything,
  'pr-predestroy': anything,
  test: text,
  'test-setup': text,
  dokku: anything,
});

const schema = object({
  $schema: text,
  name: text,
  description: text,
  keywords: listOf(text),
  website: text,
  repository: text,
  logo: text,
  success_url: text,
  scripts,
  env: mapOf(envVar, isConfigKey, 'the name of a config var (letters, digits and _, no leading digit)'),
  formation: mapOf(formationEntry, isProcessType, A_TYPE),
  addons: listOf(addon),
  buildpacks: listOf(object({ url: text }, ['url'])),
  healthchecks: mapOf(listOf(healthCheck), isProcessType, A_TYPE),
  cron,
  environments: anything,
  stack: text,
  image: text,
});

/** An app.json as far as tfk knows it: the union of Heroku's and Dokku's fields, with their names. */
export type AppJson = Checked<typeof schema>;

export interface ReadAppJson {
  readonly appJson: AppJson;
  /** Unknown fields, with what was probably meant. */
  readonly warnings: readonly string[];
}

/** Throws a PlanError that lists each problem with its path. */
export function parseAppJson(json: string): ReadAppJson {
  const report: Report = { problems: [], warnings: [] };
  const appJson = schema(parseJson('app.json', json), '', report);
  if (appJson === invalid || report.problems.length > 0) {
    const problems = report.problems.slice(0, 20).map((problem) => `  ${problem}`);
    throw new PlanError(`app.json is not valid:\n${problems.join('\n')}`, 'Correct app.json and push again.');
  }
  return { appJson, warnings: report.warnings.map((warning) => `app.json: ${warning}`) };
}

/** The app.json of a source; null where there is none. */
export function readAppJson(source: SourceTree): ReadAppJson | null {
  const json = source.read('app.json');
  if (json !== null) return parseAppJson(json);
  if (!source.has('app.json')) return null;
  throw new PlanError('app.json is not a regular file of at most 1 MiB.');
}
