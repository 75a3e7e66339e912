import type { ReleaseRecord } from '../store/releases.js';
import { applyChanges, assertConfigChanges, describeChange, type ConfigChanges } from './config-vars.js';
import { ownConfig, type DeployedSlug, type Draft, type MakeDraft, type PromotedSlug } from './draft.js';

/** Config vars set and removed. */
export const configDraft =
  (changes: ConfigChanges): MakeDraft =>
  (current, { vars }) => {
    const wanted = withoutEchoes(changes, vars);
    assertConfigChanges(wanted, new Set(Object.keys(vars)));
    const { config, set, removed } = applyChanges(ownConfig(current), wanted);
    if (set.length === 0 && removed.length === 0) return null;
    return { ...codeOf(current), config, description: describeChange(set, removed) };
  };

/** New code; the first brings along what app.json wishes. */
export const deployDraft =
  ({ id: slugId, description, processTypes, firstDeploy }: DeployedSlug): MakeDraft =>
  (current) => {
    if (current.slugId === slugId && same(current.processTypes, processTypes)) return null;
    const code = { description, slugId, processTypes };
    const config = ownConfig(current);
    if (current.slugId !== null) return { ...code, config };
    return { ...code, config: { ...firstDeploy.config, ...config }, formation: firstDeploy.formation };
  };

/** Another app's code, also where nothing differs. */
export const promotionDraft =
  ({ id: slugId, description, processTypes }: PromotedSlug): MakeDraft =>
  (current) => ({ description, slugId, processTypes, config: ownConfig(current) });

/** All as it is, with the add-ons as they are attached now. */
export const rebindDraft =
  (description: string): MakeDraft =>
  (current, { vars }) =>
    same(boundVars(current), vars) ? null : { ...codeOf(current), config: ownConfig(current), description };

function boundVars(release: ReleaseRecord): Record<string, string> {
  const bound = new Set(release.bindings.flatMap((binding) => binding.keys));
  return Object.fromEntries(Object.entries(release.config).filter(([key]) => bound.has(key)));
}

/** `config:edit` sends the whole map back: an add-on's variable with the value it has anyway is no change. */
function withoutEchoes(changes: ConfigChanges, vars: Readonly<Record<string, string>>): ConfigChanges {
  return Object.fromEntries(
    Object.entries(changes).filter(([key, value]) => vars[key] === undefined || vars[key] !== value),
  );
}

const codeOf = (release: ReleaseRecord): Pick<Draft, 'slugId' | 'processTypes'> => ({
  slugId: release.slugId,
  processTypes: release.processTypes,
});

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
