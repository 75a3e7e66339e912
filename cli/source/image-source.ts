import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { visible } from '../output/sanitise.js';

/** `node`, `registry:5000/me/app:1.2`, `app@sha256:…`; nothing that could be a second line. */
const IMAGE = /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$/;

/**
 * A source whose build is an existing image as it is, in a folder for as long as `use` takes. The engine that builds it looks
 * the image up: on its own machine first, then in the registry.
 */
export async function withImageSource<T>(image: string, use: (folder: string) => Promise<T>): Promise<T> {
  if (!IMAGE.test(image)) {
    throw new UsageError(`${visible(image)} is not the name of an image.`, 'Type one such as nginx:1.27.');
  }
  const folder = await mkdtemp(join(tmpdir(), 'tfk-image-'));
  try {
    await writeFile(join(folder, 'Dockerfile'), `FROM ${image}\n`);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
