import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../shared/errors.js';
import type { Unstartable } from '../../engine.js';

/** Which of the programs are not in a finished tree, or cannot be executed there. Those in layers lie elsewhere, and count as there. */
export async function findUnstartable(
  programs: readonly string[],
  tree: string,
  layers: readonly string[],
): Promise<Unstartable[]> {
  const found: Unstartable[] = [];
  for (const path of programs) {
    const plain = path.replace(/^(?:\.\/+)+/, '');
    if (layers.some((layer) => plain.startsWith(`${layer}/`))) continue;
    const why = await faultOf(join(tree, plain));
    if (why !== null) found.push({ path, why });
  }
  return found;
}

async function faultOf(file: string): Promise<Unstartable['why'] | null> {
  try {
    const found = await stat(file);
    return found.isFile() && (found.mode & 0o111) !== 0 ? null : 'not executable';
  } catch (error) {
    // What a link leads to may lie in a layer.
    const isLink = await lstat(file).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    return codeOf(error) === 'ENOENT' && !isLink ? 'missing' : null;
  }
}
