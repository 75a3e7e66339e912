import type { ReleaseRecord } from '../store/releases.js';
import type { SlugContents } from '../store/slugs.js';

export interface Difference {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly from: string | null;
  readonly to: string | null;
}

export interface ReleaseDifference {
  /** Values masked: a diff is pasted into chats. */
  readonly config: readonly Difference[];
  readonly processTypes: readonly Difference[];
  readonly bindings: readonly Difference[];
  readonly files: readonly Difference[];
  readonly dependencies: readonly Difference[];
}

const NOTHING: SlugContents = { files: {}, dependencies: {} };

/** What a release changed against another one. Contents are null where a release has no code. */
export function diffReleases(
  from: { readonly release: ReleaseRecord; readonly contents: SlugContents | null },
  to: { readonly release: ReleaseRecord; readonly contents: SlugContents | null },
): ReleaseDifference {
  const before = from.contents ?? NOTHING;
  const after = to.contents ?? NOTHING;
  return {
    config: differences(from.release.config, to.release.config).map(masked),
    processTypes: differences(from.release.processTypes, to.release.processTypes),
    bindings: differences(bindingsOf(from.release), bindingsOf(to.release)),
    files: differences(before.files, after.files),
    dependencies: differences(before.dependencies, after.dependencies),
  };
}

const bindingsOf = (release: ReleaseRecord): Record<string, string> =>
  Object.fromEntries(release.bindings.map((binding) => [binding.attachment, binding.addonName]));

function differences(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
): Difference[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names.flatMap((name): Difference[] => {
    const before = Object.hasOwn(from, name) ? (from[name] ?? null) : null;
    const after = Object.hasOwn(to, name) ? (to[name] ?? null) : null;
    if (before === after) return [];
    const change = before === null ? 'added' : after === null ? 'removed' : 'changed';
    return [{ name, change, from: before, to: after }];
  });
}

function masked(difference: Difference): Difference {
  return { ...difference, from: mask(difference.from), to: mask(difference.to) };
}

/** Enough to tell two values apart by eye, not enough to use one. */
function mask(value: string | null): string | null {
  if (value === null) return null;
  return value.length < 12 ? '****' : `${value.slice(0, 2)}****${value.slice(-2)}`;
}
