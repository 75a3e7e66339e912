import { TfkError } from '../shared/errors.js';
import type { ReleaseRecord } from '../store/releases.js';
import { ownConfig, type MakeDraft } from './draft.js';

/** Can `tfk rollback` go there? It needs code, and a release command that succeeded. */
export const eligibleForRollback = (release: ReleaseRecord): boolean =>
  release.status === 'succeeded' && release.slugId !== null;

/** The new release that restores an earlier one; throws where that makes no sense. */
export const rollbackDraft =
  (target: ReleaseRecord): MakeDraft =>
  (current) => {
    const name = `v${target.version}`;
    if (target.id === current.id) {
      throw new TfkError('invalid_params', `${name} is the current release already. Nothing was changed.`, {
        hint: 'Type: tfk releases',
      });
    }
    if (target.status !== 'succeeded') {
      throw new TfkError(
        'invalid_params',
        `${name} ${target.status === 'failed' ? 'failed' : 'is not finished'}, so there is nothing to go back to. Nothing was changed.`,
        {
          hint: 'Type: tfk releases',
        },
      );
    }
    if (target.slugId === null) {
      throw new TfkError('invalid_params', `${name} has no code yet. Nothing was changed.`, {
        hint: 'Type: tfk releases',
      });
    }
    return {
      description: `Rollback to ${name}`,
      slugId: target.slugId,
      processTypes: target.processTypes,
      config: ownConfig(target),
    };
  };

/** What a rollback cannot bring back, in the user's words: add-ons that were attached then and are not now, and the reverse. */
export function rollbackWarnings(target: ReleaseRecord, result: ReleaseRecord): string[] {
  const now = new Set(result.bindings.map((binding) => binding.attachment));
  const lost = target.bindings.filter((binding) => !now.has(binding.attachment));
  return lost.map(
    (binding) =>
      `v${target.version} had ${binding.addonName} attached as ${binding.attachment}; a rollback does not attach add-ons.`,
  );
}
