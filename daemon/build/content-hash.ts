import { createHash } from 'node:crypto';
import type { BuildPlan } from '../../buildpacks/plan.js';
import { scanTree, treeDigest } from '../shared/tree.js';

/** Hex SHA-256 of a source tree: names, exec bits, link targets and contents, in one canonical order. */
export async function contentHash(folder: string): Promise<string> {
  return treeDigest(await scanTree(folder));
}

/** What a slug is found again by: the same content, planned the same way, for the same runtime. */
export function contentKey(hash: string, plan: BuildPlan, runtimeVersion: string): string {
  return createHash('sha256')
    .update(JSON.stringify([hash, plan, runtimeVersion]))
    .digest('hex');
}
