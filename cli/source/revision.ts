import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The git commit that a folder's source is exactly; null without git, or where it was changed since. */
export async function revisionOf(folder: string): Promise<string | null> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', ['-C', folder, ...args], { encoding: 'utf8' })).stdout.trim();
  try {
    const [head, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '--', '.'),
    ]);
    return changes === '' ? head : null;
  } catch {
    return null;
  }
}
