import { link, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { codeOf } from '../../shared/errors.js';
import { answersAt } from '../control/answers.js';

export class AlreadyRunning extends Error {
  constructor(path: string) {
    super(`a router already runs on this home: it answers at ${path}`);
  }
}

/** Linux allows 107 bytes; macOS 103. */
const LONGEST_PATH = 103;

/**
 * Listens on a unix socket that only this user can open, and only if nobody answers there.
 *
 * The socket is made under a name of its own and then linked to the real one, which fails when that exists: so of two that start
 * at once one wins. A dead socket is moved away before it is removed; should the moved one answer after all (another process was
 * quicker), it is put back.
 */
export async function listenExclusively(server: Server, path: string): Promise<void> {
  const own = `${path}.${process.pid}`;
  if (Buffer.byteLength(own) > LONGEST_PATH) {
    throw new Error(
      `the path of the control socket is too long for a unix socket: ${path} (use a shorter home folder)`,
    );
  }
  await rm(own, { force: true });
  await listenPrivately(server, own);
  try {
    await claim(own, path);
  } finally {
    await rm(own, { force: true });
  }
}

/** The mode is right from the first moment, not after a chmod. */
function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

async function claim(own: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await link(own, path);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (await answersAt(path)) throw new AlreadyRunning(path);
    await removeDead(path, `${own}.dead`);
  }
  throw new AlreadyRunning(path);
}

async function removeDead(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (await answersAt(aside)) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}
