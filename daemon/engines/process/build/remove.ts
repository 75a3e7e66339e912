import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/logger.js';

/**
 * Removes a folder that build commands wrote in, if there is one. Some of them lock their folders against changes, as Go does
 * with the versions of itself that it fetches.
 */
export async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(async (error: unknown) => {
    if (codeOf(error) !== 'EACCES') throw error;
    await openUp(folder);
    await rm(folder, { recursive: true, force: true });
  });
}

/** As removeTree, for where a folder that cannot be removed must not end what else is done: the log tells of it. */
export async function tryToRemoveTree(folder: string, logger: Logger): Promise<void> {
  await removeTree(folder).catch((error: unknown) => {
    logger.warn({ folder, err: error }, 'what a build left cannot be removed');
  });
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const child of await readdir(folder, { withFileTypes: true }))
    if (child.isDirectory()) await openUp(join(folder, child.name));
}
