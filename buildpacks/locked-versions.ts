import * as node from './node/locked-versions.js';
import * as python from './python/locked-versions.js';

/** Lock files whose packages can be told, by name; of several in a source the first counts. */
export const LOCK_FILES = [...node.LOCK_FILES, ...python.LOCK_FILES] as const;

/** Package → locked version. */
export function lockedVersions(file: (typeof LOCK_FILES)[number], text: string): Record<string, string> {
  const ofPython = python.LOCK_FILES.find((name) => name === file);
  if (ofPython !== undefined) return python.lockedVersions(ofPython, text);
  const ofNode = node.LOCK_FILES.find((name) => name === file);
  return ofNode === undefined ? {} : node.lockedVersions(ofNode, text);
}
