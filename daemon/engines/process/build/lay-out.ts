import { constants } from 'node:fs';
import { chmod, chown, copyFile, lchown, link, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../../shared/errors.js';
import { mapLimited, type TreeEntry } from '../../../shared/tree.js';
import type { SlugOwner } from '../builder.js';

export interface LayOut {
  readonly from: string;
  readonly to: string;
  /** `link`: files share their blocks with the original, which must be read-only. `copy`: files of their own, writable. */
  readonly how: 'link' | 'copy';
  /** Whom the folders, links and copied files belong to; linked files stay the original's. */
  readonly owner?: SlugOwner | undefined;
}

const WORKERS = 32;

/** Brings the entries of one folder into another. `to` exists, and may have some of the folders already, but no file. */
export async function layOut(entries: readonly TreeEntry[], { from, to, how, owner }: LayOut): Promise<void> {
  for (const entry of entries) if (entry.type === 'folder') await makeFolder(join(to, entry.path));
  const shareable = { linked: how === 'link' };
  await mapLimited(entries, WORKERS, async (entry) => {
    const target = join(to, entry.path);
    if (entry.type === 'file')
      await placeFile(join(from, entry.path), target, entry.executable, { shareable, owner });
    else if (entry.type === 'link') await symlink(entry.target, target);
    if (owner && entry.type !== 'file') await lchown(target, owner.uid, owner.gid);
  });
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o755 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

/** The folders above the entries, for entries picked out of a whole tree. */
export async function makeParents(root: string, paths: Iterable<string>): Promise<void> {
  const parents = new Set([...paths].map((path) => dirname(path)));
  for (const parent of parents) if (parent !== '.') await mkdir(join(root, parent), { recursive: true });
}

interface Placing {
  /** Set to false by the first file that cannot be linked: the others of the folder then cannot either. */
  readonly shareable: { linked: boolean };
  readonly owner: SlugOwner | undefined;
}

async function placeFile(from: string, to: string, executable: boolean, placing: Placing): Promise<void> {
  if (placing.shareable.linked && (await linked(from, to, placing))) return;
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  if (placing.owner) await chown(to, placing.owner.uid, placing.owner.gid);
  await chmod(to, executable ? 0o755 : 0o644);
}

async function linked(from: string, to: string, { shareable }: Placing): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EXDEV' || code === 'EPERM' || code === 'ENOTSUP') shareable.linked = false;
    else if (code !== 'EMLINK') throw error;
    return false;
  }
}
