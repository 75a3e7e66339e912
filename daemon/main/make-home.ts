import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';

/** The folders of this tfkd, where they are missing; what is in the home is nobody else's to read. */
export async function makeHome({ home, systemDir }: Config): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chmod(home, 0o700);
  for (const folder of ['run', 'logs', 'sources', 'builds', 'addons']) {
    await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  }
  await mkdir(join(systemDir, 'dynos'), { recursive: true, mode: 0o711 });
}
