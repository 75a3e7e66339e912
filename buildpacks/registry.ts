import { planOfList, type Listed } from './classic/plan.js';
import { builderPlanner } from './cnb/planner.js';
import { wishOf } from './cnb/wish.js';
import { composePlans } from './compose.js';
import { dockerfilePlanner, hasDockerfile, wantsImages } from './dockerfile/planner.js';
import { goPlanner } from './go/planner.js';
import { javaPlanner } from './java/planner.js';
import { isRunByNode } from './main-language.js';
import { nodePlanner } from './node/planner.js';
import { PlanError, type PlanContext, type Planner } from './planner.js';
import { procfilePlanner } from './procfile/planner.js';
import { pythonPlanner } from './python/planner.js';
import { rustPlanner } from './rust/planner.js';
import type { SourceTree } from './source.js';
import { staticPlanner } from './static/planner.js';

/** The first that detects wins: the most special first, and Procfile last, which nearly every app has. */
export const planners: readonly Planner[] = [
  dockerfilePlanner,
  pythonPlanner,
  goPlanner,
  javaPlanner,
  rustPlanner,
  nodePlanner,
  staticPlanner,
  procfilePlanner,
];

/** The planner for a source. Throws a PlanError that says what was looked for and what is there instead. */
export function choosePlanner(source: SourceTree, context: PlanContext): Planner {
  const { builder, warnings } = wishOf(source, context);
  return builder === null ? warning(plannerWithout(source, context), warnings) : builderPlanner(builder);
}

/** Where no builder builds the source. */
function plannerWithout(source: SourceTree, context: PlanContext): Planner {
  const set = (context.planners ?? []).map((name) => plannerThatIsSet(source, context, name));
  if (context.list != null) return plannerOfList(context.list);
  const main = set.at(-1);
  if (main !== undefined) return together(set.slice(0, -1), main);
  if (context.stack === 'container') return plannerOfContainers(source, context);
  const planner = mainOf(
    planners.filter((candidate) => candidate.detect(source, context)),
    source,
  );
  const unusedDockerfile = hasDockerfile(source) && !wantsImages(context);
  if (planner) {
    const whole = together(helpersOf(planner, source), planner);
    return unusedDockerfile ? besidesDockerfile(whole, context) : whole;
  }
  if (unusedDockerfile && !context.images) {
    throw new PlanError(
      'This source has a Dockerfile and nothing else to build from: that needs the Docker engine.',
      'Run the app on it by `tfk apps:engine docker`, or add a Procfile or a package.json.',
    );
  }
  throw new PlanError(
    nothingDetected(source),
    'Add a Procfile such as `web: node server.js`, and push again.',
  );
}

/** The first, but where Node.js runs what another language has a part in. */
function mainOf(detected: readonly Planner[], source: SourceTree): Planner | undefined {
  const [first] = detected;
  const isLanguage = first !== undefined && detected.includes(nodePlanner) && first !== dockerfilePlanner;
  return isLanguage && first !== nodePlanner && isRunByNode(source, first.name) ? nodePlanner : first;
}

/** A main planner with those of further languages: a plan of all of them. */
function together(others: readonly Planner[], main: Planner): Planner {
  if (others.length === 0) return main;
  return {
    ...main,
    plan: (source, context) => {
      const plans = others.map((planner) => planner.plan(source, { ...context, helping: true }));
      return composePlans(plans, main.plan(source, context));
    },
  };
}

/** Classic buildpacks say themselves, when they are run, whether the source is theirs. */
const plannerOfList = (listed: NonNullable<PlanContext['list']>): Planner => ({
  name: 'buildpacks',
  looksFor: 'what the bin/detect of each buildpack looks for',
  detect: () => true,
  plan: (source, context) =>
    planOfList(
      listed.map((entry, index): Listed => {
        if (typeof entry !== 'string') return entry;
        const isFirst = listed.slice(0, index).every((before) => typeof before === 'string');
        const hint = isFirst ? REMOVE : AS_PUSHED;
        return plannerThatIsSet(source, context, entry, hint).plan(source, context);
      }),
    ),
});

/** An image's Dockerfile says all by itself. */
const helpersOf = (main: Planner, source: SourceTree): Planner[] =>
  main === dockerfilePlanner || main === procfilePlanner
    ? []
    : planners.filter((planner) => planner !== main && planner.helps?.(source) === true);

/** In Heroku's words where there is nothing to build images from. */
function plannerOfContainers(source: SourceTree, context: PlanContext): Planner {
  if (dockerfilePlanner.detect(source, context)) return dockerfilePlanner;
  if (!context.images)
    throw new PlanError(
      'The stack of this app is container, which needs the Docker engine.',
      'Run the app on it by `tfk apps:engine docker`, or change its stack by `tfk stack:set heroku-24`.',
    );
  throw new PlanError(
    'Your app does not include a heroku.yml build manifest, nor a Dockerfile.',
    'Add one of them, or change the stack by `tfk stack:set heroku-24`.',
  );
}

/** In Heroku's words where the source is not its own. A Dockerfile is then a file like others. */
function plannerThatIsSet(source: SourceTree, context: PlanContext, name: string, hint = REMOVE): Planner {
  const planner = planners.find((candidate) => candidate.name === name);
  if (planner?.detect(source, context)) return planner;
  const buildpack = planner?.buildpack?.name ?? name;
  throw new PlanError(
    `App not compatible with buildpack: ${buildpack}\nIt looks for: ${planner?.looksFor ?? 'nothing that this tfk knows'}`,
    hint,
  );
}

const REMOVE = 'Remove it by `tfk buildpacks:clear`, and the source says itself what it is.';
const AS_PUSHED =
  'It reads the source as it was pushed, not what the buildpacks before it make of that: push the folder of the app itself, as in `tfk push web`.';

/** The same planner, which says that it is not the Dockerfile that is built. */
const besidesDockerfile = (planner: Planner, { images }: PlanContext): Planner =>
  warning(planner, [
    images
      ? 'The Dockerfile is not used: the stack is heroku-24. `tfk stack:set container` would build from it.'
      : 'The Dockerfile is not used: this app runs as processes. `tfk apps:engine docker` would build from it.',
  ]);

/** The same planner, whose plans warn of more. */
function warning(planner: Planner, more: readonly string[]): Planner {
  if (more.length === 0) return planner;
  return {
    ...planner,
    plan: (source, context) => {
      const plan = planner.plan(source, context);
      return { ...plan, warnings: [...plan.warnings, ...more] };
    },
  };
}

function nothingDetected(source: SourceTree): string {
  const seen = treeLines(source);
  return [
    'No planner recognises this source. Looked for:',
    ...planners.map((planner) => `  ${planner.looksFor}`),
    ...(seen.length === 0
      ? ['The source is empty.']
      : ['Found instead:', ...seen.map((line) => `  ${line}`)]),
  ].join('\n');
}

const MAX_LINES = 30;

/** Two levels of the tree, so that an app pushed from one folder too high is seen at once. */
function treeLines(source: SourceTree): string[] {
  const lines = source.list('').flatMap((entry) => {
    const inside = entry.endsWith('/') ? source.list(entry.slice(0, -1)) : [];
    return [entry, ...inside.map((name) => `  ${name}`)];
  });
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more`];
}
