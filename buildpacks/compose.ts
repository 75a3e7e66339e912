import type { BuildPlan, BuildStep } from './plan.js';

/**
 * One plan of several languages, e.g. of a Django app whose assets Node.js builds. The main language comes last, as with
 * Heroku's buildpacks: its process types, its image, its launch. What it installs is installed first, since that changes least;
 * then the others build, and at last its own steps over the whole source, which may want what those made.
 */
export function composePlans(others: readonly BuildPlan[], main: BuildPlan): BuildPlan {
  if (others.length === 0) return main;
  const all = [...others, main];
  const installs = main.steps.slice(0, firstOpen(main.steps));
  const steps = [
    ...installs,
    ...others.flatMap((plan) => plan.steps.map((step) => named(step, plan))),
    ...main.steps.slice(installs.length),
  ];
  return {
    ...main,
    label: [main.label, ...others.map(({ label }) => label)].join(' and '),
    tools: [...main.tools, ...others.flatMap(({ runtime, tools }) => [runtime, ...tools])],
    notes: all.flatMap(({ notes }) => notes),
    warnings: all.flatMap(({ warnings }) => warnings),
    steps,
    files: Object.assign({}, ...all.map(({ files }) => files)) as Record<string, string>,
    buildConfig: [...new Set(all.flatMap(({ buildConfig }) => buildConfig))],
    launchEnv: Object.assign({}, ...all.map(({ launchEnv }) => launchEnv)) as Record<string, string>,
    launchPath: [...new Set([...main.launchPath, ...others.flatMap(({ launchPath }) => launchPath)])],
    exclude: [...new Set(all.flatMap(({ exclude }) => exclude))],
  };
}

const firstOpen = (steps: readonly BuildStep[]): number => {
  const index = steps.findIndex(({ inputs }) => inputs === 'source');
  return index < 0 ? steps.length : index;
};

/** Each language has its `install`. */
const named = (step: BuildStep, { planner }: BuildPlan): BuildStep => ({
  ...step,
  name: `${planner}-${step.name}`,
});
