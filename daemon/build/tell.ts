import type { CronJob } from '../../buildpacks/cron.js';
import type { BuildPlan } from '../../buildpacks/plan.js';
import type { Artifact, BuildOutput } from '../engines/engine.js';
import type { CreatedRelease } from './contracts.js';
import type { Decision } from './decide.js';
import type { Failure } from './failure.js';

/** What the build stage says of itself, in Heroku's phrases where Heroku has one. */
export const tell = {
  planner(output: BuildOutput, { plan, warnings }: Decision): void {
    // Buildpacks say so themselves.
    if (!hasBuildpacks(plan)) output.step(`${plan.label} app detected`);
    for (const note of plan.notes) output.detail(note);
    for (const warning of warnings) output.warning(warning);
  },

  types(
    output: BuildOutput,
    { declared, offered, plan }: Decision,
    types: Readonly<Record<string, string>>,
  ): void {
    output.step('Discovering process types');
    if (declared.length > 0) output.detail(`Procfile declares types -> ${declared.join(', ')}`);
    if (offered.length > 0) output.detail(`Default types for ${plan.label} -> ${offered.join(', ')}`);
    const brought = Object.keys(types).filter((type) => !declared.includes(type) && !offered.includes(type));
    if (brought.length > 0) {
      const by = hasBuildpacks(plan) ? `Default types for ${plan.label}` : 'The image itself brings';
      output.detail(`${by} -> ${brought.join(', ')}`);
    }
    if (Object.keys(types).length === 0) {
      output.warning(
        'There are no process types: nothing will run. Add a Procfile such as "web: node server.js".',
      );
    }
  },

  cron(output: BuildOutput, jobs: readonly CronJob[]): void {
    if (jobs.length === 0) return;
    output.step(`Scheduled jobs: ${jobs.length}`);
    for (const { schedule, timezone, command } of jobs)
      output.detail(`${schedule} (${timezone}) -> ${command}`);
  },

  slug(output: BuildOutput, artifact: Artifact): void {
    output.step('Compressing...');
    output.detail(`Done: ${megabytes(artifact.size)}`);
  },

  release(output: BuildOutput, release: CreatedRelease, types: Readonly<Record<string, string>>): void {
    if (release.unchanged) {
      output.step(`Unchanged: v${release.version} is this very source, nothing is released`);
      return;
    }
    output.step('Launching...');
    if (Object.hasOwn(types, 'release')) {
      output.warning(
        'Release command declared: this new release will not be available until the command succeeds.',
      );
    }
    output.detail(`Released v${release.version}`);
    if (release.url !== null) output.detail(`${release.url} deployed to tfk`);
  },

  failure(output: BuildOutput, { reason, message, hint }: Failure): void {
    output.warning(message);
    if (hint !== undefined) output.warning(hint);
    const ended = reason === 'cancelled' ? 'Build cancelled' : 'Build failed';
    output.warning(`${ended}. Nothing was released, and nothing that runs was touched.`);
  },
};

const hasBuildpacks = ({ steps, builder }: BuildPlan): boolean =>
  builder !== undefined || steps.some(({ buildpack }) => buildpack);

/** As Heroku prints the size of a slug: `12.3M`. */
function megabytes(bytes: number): string {
  if (bytes < 100_000) return `${Math.ceil(bytes / 1000)}K`;
  return `${(bytes / 1_000_000).toFixed(1)}M`;
}
