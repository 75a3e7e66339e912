import ignore from 'ignore';
import { setImmediate } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import type { PlannedBuilder } from '../../../../../buildpacks/plan.js';
import { codeOf } from '../../../../shared/errors.js';
import type { TreeEntry } from '../../../../shared/tree.js';
import { StepFailed } from '../../../build/step-failed.js';

const AT_ONCE = 1000;
/** For so many entries; a millisecond each is far more than any pattern takes that is not made to take for ever. */
const LIMIT_MS = 1000;

/**
 * What project.toml leaves of the source. Rejects with StepFailed where its patterns cannot be matched in time: some of a few
 * characters would take years.
 */
export async function seenFiles(
  wanted: PlannedBuilder['files'],
  source: readonly TreeEntry[],
): Promise<readonly TreeEntry[]> {
  if (wanted === null) return source;
  const rules = ignore().add([...wanted.patterns]);
  const matches = ({ path, type }: TreeEntry) => rules.ignores(type === 'folder' ? `${path}/` : path);
  const isSeen = (entry: TreeEntry) =>
    wanted.kind === 'without' ? !matches(entry) : entry.type !== 'folder' && matches(entry);
  const seen: TreeEntry[] = [];
  for (let from = 0; from < source.length; from += AT_ONCE) {
    inTime(() => seen.push(...source.slice(from, from + AT_ONCE).filter(isSeen)));
    await setImmediate();
  }
  return seen;
}

/** Nothing else in this process ends a regular expression that has begun. */
function inTime(match: () => void): void {
  try {
    runInNewContext('match()', { match }, { timeout: LIMIT_MS });
  } catch (error) {
    if (codeOf(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new StepFailed({
      ok: false,
      reason: 'detect',
      message: 'The include or exclude patterns of project.toml take too long to match.',
      hint: 'Write them with fewer wildcards, `**` above all, and push again.',
    });
  }
}
