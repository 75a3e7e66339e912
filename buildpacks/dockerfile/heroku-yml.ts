import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import {
  anything,
  invalid,
  listOf,
  mapOf,
  object,
  shortOrLong,
  text,
  type Checked,
  type Report,
} from '../checks.js';
import { PlanError } from '../planner.js';
import { isProcessType } from '../procfile.js';
import { plainYaml } from '../yaml.js';

const A_TYPE = 'the name of a process type';
const isText = (value: unknown): boolean => typeof value === 'string';
const isArgument = (key: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key);

const command = shortOrLong(isText, text, listOf(text));

const schema = object({
  setup: object({ addons: anything, config: anything, 'app-json': anything }),
  build: object({
    docker: mapOf(
      shortOrLong(isText, text, object({ dockerfile: text, target: text }, ['dockerfile'])),
      isProcessType,
      A_TYPE,
    ),
    config: mapOf(text, isArgument, 'the name of a build argument (letters, digits and _, no leading digit)'),
    languages: anything,
    packages: anything,
  }),
  release: shortOrLong(
    (value) => isText(value) || Array.isArray(value),
    command,
    object({ command, image: text }),
  ),
  run: mapOf(
    shortOrLong((value) => isText(value) || Array.isArray(value), command, object({ command, image: text })),
    isProcessType,
    A_TYPE,
  ),
});

/** How one process type is run: null where heroku.yml leaves it out. */
export interface Run {
  readonly command: string | null;
  /** The image it runs in, by its name in build.docker. */
  readonly image: string | null;
}

export interface HerokuYml {
  /** In the order of the file. */
  readonly images: readonly {
    readonly name: string;
    readonly dockerfile: string;
    readonly target: string | null;
  }[];
  readonly args: Readonly<Record<string, string>>;
  /** `release` is one of them. */
  readonly run: Readonly<Record<string, Run>>;
  readonly warnings: readonly string[];
  /** The error for what is at a path such as `build/docker/web`, with its line. */
  readonly problem: (path: string, what: string, hint?: string) => PlanError;
}

/** Throws a PlanError that names each problem with its line. */
export function parseHerokuYml(yaml: string): HerokuYml {
  const lines = new LineCounter();
  // Only strings, maps and lists: `NODE: 1.10` stays what was written.
  const document = parseDocument(yaml.replace(/^\uFEFF/, ''), { schema: 'failsafe', lineCounter: lines });
  const [broken] = document.errors;
  if (broken) {
    const [reason = ''] = broken.message.split(/ at line|:?\n/);
    throw new PlanError(`heroku.yml line ${broken.linePos?.[0].line ?? 1} is not valid YAML: ${reason}.`);
  }
  const lineOf = (path: string) => lineAt(document, path, lines);
  const report: Report = { problems: [], warnings: [] };
  const checked = schema(plainYaml('heroku.yml', document), '', report);
  if (checked === invalid || report.problems.length > 0) {
    throw new PlanError(
      ['heroku.yml is not valid:', ...located(report.problems, lineOf).slice(0, 20)].join('\n'),
      'Correct heroku.yml and push again.',
    );
  }
  return {
    ...understood(checked),
    warnings: [...located(report.warnings, lineOf), ...unused(checked, lineOf)].map((warning) =>
      warning.trim(),
    ),
    problem: (path, what, hint) => new PlanError(`heroku.yml line ${lineOf(path)}: ${path}: ${what}`, hint),
  };
}

/** Does this heroku.yml ask for images, or cannot be read? */
export function asksForImages(yaml: string): boolean {
  const document = parseDocument(yaml, { schema: 'failsafe' });
  return document.errors.length > 0 || document.hasIn(['build', 'docker']);
}

type Checks = Checked<typeof schema>;

function understood({ build, run, release }: Checks): Pick<HerokuYml, 'images' | 'args' | 'run'> {
  const images = Object.entries(build?.docker ?? {}).map(([name, image]) =>
    typeof image === 'string'
      ? { name, dockerfile: image, target: null }
      : { name, dockerfile: image.dockerfile, target: image.target ?? null },
  );
  const types = [
    ...Object.entries(run ?? {}),
    ...(release === undefined ? [] : [['release', release] as const]),
  ];
  return {
    images,
    args: build?.config ?? {},
    run: Object.fromEntries(types.map(([type, entry]) => [type, runOf(entry)])),
  };
}

type RunEntry = NonNullable<Checks['release']>;

function runOf(entry: RunEntry): Run {
  if (typeof entry === 'string' || isList(entry)) return { command: lineOfShell(entry), image: null };
  return {
    command: entry.command === undefined ? null : lineOfShell(entry.command),
    image: entry.image ?? null,
  };
}

const isList = (entry: RunEntry): entry is readonly string[] => Array.isArray(entry);

/** Several commands run one after the other, as long as each succeeds. */
function lineOfShell(commands: string | readonly string[]): string | null {
  const line = typeof commands === 'string' ? commands : commands.join(' && ');
  return line.trim() === '' ? null : line.replace(/\s*\n\s*/g, ' ').trim();
}

function unused({ setup, build }: Checks, lineOf: (path: string) => number): string[] {
  const sections = [
    ...(setup?.addons === undefined ? [] : [['setup/addons', '"addons" of app.json says the same']]),
    ...(setup?.config === undefined ? [] : [['setup/config', '"env" of app.json says the same']]),
    ...(build?.languages === undefined ? [] : [['build/languages', 'the Dockerfile says what is installed']]),
    ...(build?.packages === undefined ? [] : [['build/packages', 'the Dockerfile says what is installed']]),
  ];
  return sections.map(
    ([path = '', instead = '']) => `heroku.yml line ${lineOf(path)}: ${path} is not used: ${instead}`,
  );
}

/** `build/docker/web: should be a string` with the line in front. */
function located(messages: readonly string[], lineOf: (path: string) => number): string[] {
  return messages.map((message) => {
    const path = message.startsWith('the whole file:') ? '' : message.slice(0, message.indexOf(': '));
    return `  heroku.yml line ${lineOf(path)}: ${message}`;
  });
}

/** The line of the deepest key on the path that is there. */
function lineAt(document: Document.Parsed, path: string, lines: LineCounter): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const name of path.split('/')) {
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === name);
    if (!pair) break;
    offset = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
    node = pair.value;
  }
  return Math.max(1, lines.linePos(offset).line);
}
