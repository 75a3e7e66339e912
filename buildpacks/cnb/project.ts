import { parse } from 'smol-toml';
import { anything, invalid, listOf, object, text, textThat, type Report } from '../checks.js';
import type { PlannedBuilder } from '../plan.js';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';

/** What a project.toml says of a build by a builder. */
export interface Project extends Pick<PlannedBuilder, 'group' | 'files' | 'env'> {
  /** Null: it names none. */
  readonly builder: string | null;
  /** Of its keys for builds, those that ask for something. */
  readonly asks: readonly string[];
  readonly warnings: readonly string[];
}

export const PROJECT_FILE = 'project.toml';
const FILE = PROJECT_FILE;

const buildpack = object({ id: text, version: text, uri: text, script: anything });
const variables = listOf(object({ name: text, value: text }, ['name', 'value']));
/** Of an image; what is none in another way is told when it is looked for. */
export const isShowable = (name: string): boolean => /^[\x21-\x7E]{1,512}$/.test(name);
const image = textThat((name) => (isShowable(name) ? null : 'is no name of an image'));

/** The daemon holds each of them against each file. */
const MAX_PATTERNS = 100;
const MAX_PATTERN_LENGTH = 1000;
const pattern = textThat(({ length }) =>
  length > MAX_PATTERN_LENGTH ? `has more than ${MAX_PATTERN_LENGTH} characters` : null,
);
const patterns = listOf(pattern, MAX_PATTERNS);

const shared = { builder: image, include: patterns, exclude: patterns };

/** Below `io.buildpacks`, of schema 0.2. */
const second = object({
  ...shared,
  'schema-version': text,
  group: listOf(buildpack),
  build: object({ env: variables }),
  pre: anything,
  post: anything,
});
/** Below `build`, of schema 0.1. */
const first = object({ ...shared, buildpacks: listOf(buildpack), env: variables });

type Group = readonly { readonly id?: string; readonly version?: string; readonly uri?: string }[];

interface Said {
  readonly builder?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly group?: Group;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

/** Null where the source has none. Throws a PlanError for one that contradicts itself, or asks for what tfk has not. */
export function readProject(source: SourceTree): Project | null {
  if (!source.has(FILE)) return null;
  const content = source.read(FILE);
  if (content === null) throw new PlanError(`${FILE} is not a regular file of at most 1 MiB.`);
  const table = parsed(content);
  const report: Report = { problems: [], warnings: [] };
  const said = isFirst(table, report) ? ofFirst(table, report) : ofSecond(table, report);
  if (said.include !== undefined && said.exclude !== undefined)
    report.problems.push('include and exclude: there may be only one of them');
  const group = (said.group ?? []).map((entry, index) => planned(entry, index, report));
  const env = Object.fromEntries((said.env ?? []).map(({ name, value }) => [variable(name, report), value]));
  if (report.problems.length > 0)
    throw new PlanError(
      [`${FILE} cannot be used:`, ...report.problems.map((line) => `  ${plain(line)}`)].join('\n'),
      `Correct ${FILE} and push again.`,
    );
  return {
    builder: said.builder ?? null,
    group,
    env,
    files: filesOf(said),
    asks: (['group', 'env', 'include', 'exclude'] as const).filter((key) => said[key] !== undefined),
    warnings: report.warnings.map((warning) => `${FILE}: ${plain(warning)}`),
  };
}

/** Does it name one, as far as that can be read? */
export function namesBuilder(source: SourceTree): boolean {
  try {
    const table = parsed(source.read(FILE) ?? '');
    const places = [table['build'], tableOf(table['io'])['buildpacks']];
    return places.some((place) => tableOf(place)['builder'] !== undefined);
  } catch (error) {
    if (error instanceof PlanError) return false;
    throw error;
  }
}

type Table = Readonly<Record<string, unknown>>;

function parsed(content: string): Table {
  try {
    return parse(content.replace(/^\uFEFF/, ''));
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new PlanError(`${FILE} is not valid TOML: ${reason}`, `Correct ${FILE} and push again.`);
  }
}

/** Schema 0.1 is what has no version, as for `pack`. */
function isFirst(table: Table, { problems }: Report): boolean {
  const version = tableOf(tableOf(table)['_'])['schema-version'];
  if (version === undefined || version === '0.1') return true;
  if (version === 0.1 || version === 0.2) problems.push(`_/schema-version: should be the text "${version}"`);
  else if (version !== '0.2')
    problems.push(`_/schema-version: is ${JSON.stringify(version)}, and tfk knows 0.1 and 0.2`);
  return false;
}

function ofFirst(table: Table, report: Report): Said {
  const said = first(table['build'] ?? {}, 'build', report);
  // Of the other schema, in a file that does not say so: it would not be seen.
  if (table['io'] !== undefined)
    report.warnings.push(
      'io.buildpacks is not used: that is schema 0.2, and the file does not say `_.schema-version = "0.2"`',
    );
  if (said === invalid) return {};
  const { buildpacks: group, ...rest } = said;
  return group === undefined ? rest : { ...rest, group };
}

function ofSecond(table: Table, report: Report): Said {
  const said = second(tableOf(table['io'])['buildpacks'] ?? {}, 'io.buildpacks', report);
  if (said === invalid) return {};
  for (const place of ['pre', 'post'] as const)
    if (said[place] !== undefined)
      report.warnings.push(`io.buildpacks/${place} is not used: tfk adds no buildpacks to a builder's own`);
  const { build, ...rest } = said;
  return build?.env === undefined ? rest : { ...rest, env: build.env };
}

const tableOf = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

/** Buildpacks are those that are in the builder: nothing is fetched for a build, and no script of the file is one. */
function planned(
  entry: Group[number] & { readonly script?: unknown },
  index: number,
  report: Report,
): { id: string; version: string | null } {
  const [, named, at] = /^urn:cnb:builder:([^@]+)(?:@(.+))?$/.exec(entry.uri ?? '') ?? [];
  const id = entry.id ?? named;
  if (entry.script !== undefined)
    report.problems.push(`group/${index}/script: tfk runs no inline buildpack; put it into the builder`);
  else if (entry.uri !== undefined && named === undefined)
    report.problems.push(
      `group/${index}/uri: tfk fetches no buildpack (${shown(entry.uri)}); name one of the builder by its id`,
    );
  else if (!VERSION.test(entry.version ?? '')) report.problems.push(`group/${index}/version: is none`);
  else if (id === undefined || !ID.test(id))
    report.problems.push(`group/${index}: needs the id of a buildpack of the builder`);
  return { id: id ?? '', version: entry.version ?? at ?? null };
}

/** Keys are the user's bytes: nothing of them may steer a terminal. */
const plain = (text: string): string => text.replace(/[\u0000-\u001F\u007F-\u009F]/g, '?');

const ID = /^[A-Za-z0-9._/-]{1,255}$/;
const VERSION = /^[\w.+-]{0,100}$/;
const shown = (text: string): string => JSON.stringify(text.slice(0, 100));

/** They become files of a folder. */
function variable(name: string, report: Report): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    report.problems.push(`env: ${shown(name)} is no name for an environment variable`);
  return name;
}

function filesOf({ include, exclude }: Said): PlannedBuilder['files'] {
  if (include !== undefined) return { kind: 'only', patterns: include };
  return exclude === undefined ? null : { kind: 'without', patterns: exclude };
}
