import { readAppJson, type AppJson } from '../../buildpacks/app-json.js';
import { BUILDER_VAR } from '../../buildpacks/cnb/wish.js';
import { closest } from '../../buildpacks/did-you-mean.js';
import type { BuildPlan } from '../../buildpacks/plan.js';
import { PlanError, type PlanContext, type Planner } from '../../buildpacks/planner.js';
import { readProcfile } from '../../buildpacks/procfile.js';
import { choosePlanner } from '../../buildpacks/registry.js';
import type { SourceTree } from '../../buildpacks/source.js';
import { BuildFailure } from './failure.js';

/** What a source asks for, decided from its files alone. */
export interface Decision {
  readonly plan: BuildPlan;
  /** The Procfile's, in its order, then the planner's where the Procfile has no such type. */
  readonly processTypes: Readonly<Record<string, string>>;
  readonly declared: readonly string[];
  readonly offered: readonly string[];
  readonly appJson: AppJson | null;
  /** The config vars that the plan names in `buildConfig`, with their values: never stored with it, nor printed. */
  readonly buildConfig: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Throws a BuildFailure or PlanError where the source cannot be built as it is. */
export function decide(source: SourceTree, context: PlanContext): Decision {
  const planner = detect(source, context);
  const procfile = readProcfile(source) ?? {};
  const read = readAppJson(source);
  const plan = withBuildConfig(planner.plan(source, context), context);
  const offered = Object.keys(plan.defaultProcessTypes).filter((type) => !Object.hasOwn(procfile, type));
  const processTypes = { ...plan.defaultProcessTypes, ...procfile };
  const ordered = [...Object.keys(procfile), ...offered];
  return {
    plan,
    processTypes: Object.fromEntries(ordered.map((type) => [type, processTypes[type] ?? ''])),
    declared: Object.keys(procfile),
    offered,
    appJson: read?.appJson ?? null,
    buildConfig: Object.fromEntries(plan.buildConfig.map((name) => [name, context.config[name] ?? ''])),
    warnings: [
      ...plan.warnings,
      ...(read?.warnings ?? []),
      ...(bringsTypes(plan) ? [] : appJsonWarnings(read?.appJson ?? null, ordered)),
    ],
  };
}

function detect(source: SourceTree, context: PlanContext): Planner {
  try {
    return choosePlanner(source, context);
  } catch (error) {
    throw error instanceof PlanError ? new BuildFailure('detect', error.message, error.hint) : error;
  }
}

/** The config var by which an app says which of its config vars its builds may see: names, or `*` for all. */
const BUILD_CONFIG = 'TFK_BUILD_CONFIG';
/** What the app tells the platform is nothing of its build. */
const SETTINGS: readonly string[] = [BUILD_CONFIG, BUILDER_VAR];

/** The plan with what the app asks for beside what the planner does; of both, what there is. */
function withBuildConfig(plan: BuildPlan, { config }: PlanContext): BuildPlan {
  const wish = [...plan.buildConfig, ...(config[BUILD_CONFIG] ?? '').split(/[\s,]+/)];
  const names = wish.includes('*') ? Object.keys(config) : wish;
  const buildConfig = [...new Set(names)]
    .filter((name) => Object.hasOwn(config, name) && !SETTINGS.includes(name))
    .sort();
  if (buildConfig.length === 0 || plan.images.length === 0) return { ...plan, buildConfig };
  const visible = `Build arguments can be read from an image's history: ${buildConfig.join(', ')}. Do not give it secrets.`;
  return { ...plan, buildConfig, warnings: [...plan.warnings, visible] };
}

/** Are there process types that only the build itself will tell? */
const bringsTypes = ({ builder, steps }: BuildPlan): boolean =>
  builder !== undefined || steps.some(({ buildpack }) => buildpack?.releases);

function appJsonWarnings(appJson: AppJson | null, types: readonly string[]): string[] {
  if (appJson === null) return [];
  return (['formation', 'healthchecks'] as const).flatMap((field) =>
    Object.keys(appJson[field] ?? {})
      .filter((type) => !types.includes(type))
      .map((type) => `app.json: ${field}/${type}: there is no process type ${type}${meant(type, types)}`),
  );
}

function meant(type: string, types: readonly string[]): string {
  const near = closest(type, types);
  return near === null ? '' : `, did you mean ${near}?`;
}
