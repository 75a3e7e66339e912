import { anyVersionOf, planOn, type BuildPlan } from '../plan.js';
import type { Planner } from '../planner.js';
import type { SourceTree } from '../source.js';
import type { WantedBuilder } from './wish.js';

/** Plans a build by a builder: its buildpacks decide, when they are run, whether and how they build the source. */
export const builderPlanner = (wanted: WantedBuilder): Planner => ({
  name: 'builder',
  looksFor: 'what the buildpacks of the builder look for',
  detect: () => true,
  plan: (source) => planBy(wanted, source),
});

function planBy({ image, by, project }: WantedBuilder, source: SourceTree): BuildPlan {
  const { group = [], files = null, env = {} } = project ?? {};
  const unused = source.has('Dockerfile') ? [`The Dockerfile is not used: ${by} names a builder.`] : [];
  return {
    ...planOn(anyVersionOf('none')),
    planner: 'builder',
    label: 'Cloud Native Buildpacks',
    notes: [
      `The builder is ${image}, as ${by} says`,
      ...(group.length > 0 ? [`Its buildpacks ${group.map(named).join(', ')}, as project.toml says`] : []),
    ],
    warnings: [...(project?.warnings ?? []), ...unused],
    builder: { image, by, group, files, env },
  };
}

const named = ({ id, version }: { readonly id: string; readonly version: string | null }): string =>
  version === null ? id : `${id}@${version}`;
