import {
  invalid,
  listOf,
  mapOf,
  object,
  oneOf,
  shortOrLong,
  text,
  whole,
  type Check,
  type Checked,
  type Report,
} from '../../../buildpacks/checks.js';
import { placeholdersIn } from './templates.js';

const matching =
  (pattern: RegExp, what: string): Check<string> =>
  (value, at, report) => {
    const checked = text(value, at, report);
    if (checked === invalid || pattern.test(checked)) return checked;
    report.problems.push(`${at}: should be ${what}`);
    return invalid;
  };

const NAME = /^[a-z][a-z0-9-]{1,30}$/;
const isPath = (key: string): boolean => /^\/[^\0]+$/.test(key) && !key.split('/').includes('..');
const path = matching(/^\/[^\0]+$/, 'an absolute path');
const isVariable = (key: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key);
const isSuffix = (key: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(key);
const secretName = matching(/^[a-z][a-z0-9_]{0,30}$/, 'lower-case letters, digits and _');
const command = listOf(text);

const plan = object(
  {
    name: matching(NAME, 'lower-case letters, digits and dashes'),
    description: text,
    memory_mb: whole(16, 1024 * 1024),
  },
  ['name', 'memory_mb'],
);

const schema = object(
  {
    $schema: text,
    name: matching(NAME, 'lower-case letters, digits and dashes, beginning with a letter'),
    human_name: text,
    image: matching(/^\S+$/, 'the name of an image'),
    command,
    env: mapOf(text, isVariable, 'the name of a variable'),
    files: mapOf(text, isPath, 'an absolute path'),
    passwords: listOf(secretName),
    port: whole(1, 65_535),
    data: path,
    ready: shortOrLong((value) => value === 'tcp', oneOf('tcp'), object({ command }, ['command'])),
    attachment: matching(/^[A-Z][A-Z0-9_]{0,62}$/, 'capitals, digits and _, beginning with a letter'),
    config_vars: mapOf(text, isSuffix, 'the end of a config var’s name (capitals, digits and _)'),
    plans: listOf(plan),
  },
  ['name', 'image', 'port', 'data', 'config_vars'],
);

type Written = Checked<typeof schema>;

/** A service that is a container, as a file describes it: the file's fields, with what it left out. */
export interface Manifest {
  readonly name: string;
  readonly humanName: string;
  readonly image: string;
  /** Null: the image's own. */
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Path in the container → template. */
  readonly files: Readonly<Record<string, string>>;
  /** Their names in templates. */
  readonly passwords: readonly string[];
  readonly port: number;
  readonly data: string;
  /** Run inside the container until it succeeds; null: until it takes connections. */
  readonly readyCommand: readonly string[] | null;
  readonly attachment: string;
  /** `URL` → template, for `MONGODB_URL`. */
  readonly configVars: Readonly<Record<string, string>>;
  /** The first is the default. */
  readonly plans: readonly ManifestPlan[];
}

export interface ManifestPlan {
  readonly name: string;
  readonly description: string;
  readonly memoryBytes: number;
}

export interface CheckedManifest {
  /** Null: there are problems. */
  readonly manifest: Manifest | null;
  /** Each with the field's path. */
  readonly problems: readonly string[];
}

const USUAL_PLAN: Checked<typeof plan> = { name: 'local', memory_mb: 512 };
const MEGABYTE = 1024 ** 2;

export function checkManifest(value: unknown): CheckedManifest {
  const report: Report = { problems: [], warnings: [] };
  const written = schema(value, '', report);
  // A field that is not understood would be a surprise later: its author believes that it does something.
  const problems = [...report.problems, ...report.warnings];
  if (written === invalid || problems.length > 0) return { manifest: null, problems };
  const manifest = completed(written);
  const further = [...templateProblems(manifest), ...listProblems(manifest)];
  return { manifest: further.length === 0 ? manifest : null, problems: further };
}

function completed(written: Written): Manifest {
  const { name, human_name: humanName = name, ready } = written;
  return {
    name,
    humanName,
    image: written.image,
    command: written.command ?? null,
    env: written.env ?? {},
    files: written.files ?? {},
    passwords: written.passwords ?? ['password'],
    port: written.port,
    data: written.data,
    readyCommand: typeof ready === 'object' ? ready.command : null,
    attachment: written.attachment ?? name.toUpperCase().replaceAll('-', '_'),
    configVars: written.config_vars,
    plans: (written.plans ?? [USUAL_PLAN]).map((given) => ({
      name: given.name,
      description: given.description ?? `${humanName} in a container of ${given.memory_mb} MB`,
      memoryBytes: given.memory_mb * MEGABYTE,
    })),
  };
}

function templateProblems({ env, files, passwords, configVars, command, readyCommand }: Manifest): string[] {
  const unknown = (at: string, template: string, known: readonly string[]) =>
    placeholdersIn(template)
      .filter((name) => !known.includes(name))
      .map((name) => `${at}: {{${name}}} is none of ${known.join(', ')}`);
  const shown = (at: string, template: string) =>
    placeholdersIn(template).map(
      (name) => `${at}: holds {{${name}}}, which docker inspect would show: put it into a file of "files"`,
    );
  const argv = [...(command ?? []), ...(readyCommand ?? [])];
  return [
    ...Object.entries(configVars).flatMap(([key, template]) =>
      unknown(`config_vars/${key}`, template, ['host', 'port', ...passwords]),
    ),
    ...Object.entries(files).flatMap(([key, template]) => unknown(`files/${key}`, template, passwords)),
    ...Object.entries(env).flatMap(([key, template]) => shown(`env/${key}`, template)),
    ...argv.flatMap((template) => shown('command', template)),
  ];
}

function listProblems({ plans, passwords, configVars }: Manifest): string[] {
  const names = plans.map(({ name }) => name);
  return [
    ...(plans.length === 0 ? ['plans: is empty'] : []),
    ...(new Set(names).size < names.length ? ['plans: has a name twice'] : []),
    ...(Object.keys(configVars).length === 0 ? ['config_vars: is empty'] : []),
    ...passwords
      .filter((name) => name === 'host' || name === 'port')
      .map((name) => `passwords: ${name} means something else in templates`),
  ];
}
