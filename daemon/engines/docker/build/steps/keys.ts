import { createHash } from 'node:crypto';
import type { BuildPlan, BuildStep } from '../../../../../buildpacks/plan.js';

export interface StepKeyParts {
  /** The app's: its steps run with caches that its other builds wrote to, so that no other app may take what they make. */
  readonly salt: string;
  readonly baseId: string;
  /** Digest of the files that the step sees. */
  readonly inputs: string;
  /** As BuildRequest.configKey, of the config vars that the step is given. */
  readonly config: string;
  /** Of the layers that the step finds; null where there are none. */
  readonly previous: string | null;
}

/** All that a step's layers depend on. Its title is not part of it. */
export function stepKey(
  { commands, env, caches, layers }: BuildStep,
  { salt, baseId, inputs, config, previous }: StepKeyParts,
): string {
  const told = [env, config, Object.keys(caches)];
  return hash(['layer', 3, salt, baseId, inputs, previous, commands, ...told, layers]);
}

export interface SlugKeyParts {
  /** The app's: changes when its caches are purged. */
  readonly salt: string;
  /** As Engine.runtimeOf. */
  readonly runtime: string;
  /** Digest of the tree. */
  readonly source: string;
  /** As BuildRequest.configKey. */
  readonly config: string;
}

/** Names an artifact by what it is made of: for one app the same source, plan and base give the same. */
export function slugKey(plan: BuildPlan, { salt, runtime, source, config }: SlugKeyParts): string {
  return hash(['slug', 4, salt, runtime, source, config, { ...plan, notes: [], warnings: [] }]);
}

function hash(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
