import { createHash } from 'node:crypto';
import { anyVersionOf, planOn, type BuildPlan, type BuildStep, type Runtime } from '../plan.js';

/** A buildpack that is here, ready to be run. */
export interface FetchedBuildpack {
  /** As its user wrote it. */
  readonly reference: string;
  /** Hex SHA-256 of all its files. */
  readonly digest: string;
}

/** One entry of an app's list: a classic buildpack, or what tfk's own planner of a Heroku name plans. */
export type Listed = FetchedBuildpack | BuildPlan;

const isPlan = (entry: Listed): entry is BuildPlan => 'steps' in entry;

/** The stack that buildpacks are told they run on. */
const STACK = 'heroku-24';

/**
 * The plan of a list with at least one classic buildpack: all in order, each on what those before it made, so that every step sees
 * the whole tree. As on Heroku the last of the list says the default process types.
 */
export function planOfList(list: readonly Listed[]): BuildPlan {
  const plans = list.filter(isPlan);
  const last = list.at(-1);
  return {
    ...planOn(anyVersionOf('heroku-build')),
    planner: 'buildpacks',
    label: 'buildpack',
    tools: plans.flatMap(({ runtime, tools }) => [runtime, ...tools]).filter(isLanguage),
    launchRuntime: anyVersionOf('heroku'),
    notes: plans.flatMap(({ notes, steps }) => (steps.length === 0 ? [] : notes)),
    warnings: plans.flatMap(({ warnings }) => warnings),
    steps: list.flatMap((entry, index) =>
      isPlan(entry) ? openSteps(entry) : [stepOf(entry, { number: index + 1, isLast: entry === last })],
    ),
    files: merged(plans.map(({ files }) => files)),
    // Their config vars are files, of which each buildpack reads what it wants.
    buildConfig: ['*'],
    defaultProcessTypes: last !== undefined && isPlan(last) ? last.defaultProcessTypes : {},
    launchEnv: merged(plans.map(({ launchEnv }) => launchEnv)),
    launchPath: [...new Set(plans.flatMap(({ launchPath }) => launchPath))],
    exclude: [...new Set(plans.flatMap(({ exclude }) => exclude))],
  };
}

function stepOf(
  { reference, digest }: FetchedBuildpack,
  { number, isLast }: { readonly number: number; readonly isLast: boolean },
): BuildStep {
  return {
    name: `buildpack-${number}`,
    title: `Buildpack ${reference}`,
    inputs: 'source',
    commands: [],
    env: { STACK },
    caches: { [cacheNameOf(reference)]: 'CACHE_DIR' },
    layers: [],
    buildpack: { reference, digest, releases: isLast },
  };
}

/** A new version of a buildpack finds what the one before it has kept. */
const cacheNameOf = (reference: string): string =>
  `buildpack-${createHash('sha256').update(reference).digest('hex').slice(0, 16)}`;

/** The others are the stack itself. */
const isLanguage = ({ language }: Runtime): boolean => language !== 'none' && language !== 'system';

/** A planner's steps beside classic buildpacks: what those have made may matter to any of them. */
const openSteps = ({ planner, steps }: BuildPlan): BuildStep[] =>
  steps.map((step) => ({ ...step, name: `${planner}-${step.name}`, inputs: 'source', layers: [] }));

const merged = (records: readonly Readonly<Record<string, string>>[]): Record<string, string> =>
  Object.assign({}, ...records) as Record<string, string>;
