import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../shared/errors.js';
import { BuildFailure } from './failure.js';

/**
 * Writes a plan's own files into an unpacked source; what is there already stays as it is. Throws a BuildFailure where something
 * else stands in the place of a folder that they go to.
 */
export async function addFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path);
    await refuseOtherThanFolders(folder, dirname(path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text, { flag: 'wx' }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
}

/** A link as well: it may lead to what other parts of the app have for themselves. */
async function refuseOtherThanFolders(folder: string, path: string): Promise<void> {
  const names = path.split('/');
  for (const index of names.keys()) {
    const parent = names.slice(0, index + 1).join('/');
    const found = await lstat(join(folder, parent)).catch(() => null);
    if (found === null) return;
    if (found.isDirectory()) continue;
    throw new BuildFailure(
      'plan',
      `${parent} is ${found.isSymbolicLink() ? 'a link' : 'a file'} in this source, and the build puts files into a folder of that name.`,
      `Rename ${parent}, or leave it out of the slug by a line /${parent} in .slugignore.`,
    );
  }
}
