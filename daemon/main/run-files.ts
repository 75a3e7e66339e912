import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../shared/atomic-file.js';

/** Where clients find a running tfkd: `$TFK_HOME/run/tfkd.json`. */
export interface RunFile {
  readonly pid: number;
  /** RFC 3339 */
  readonly startedAt: string;
  readonly version: string;
  readonly apiPort: number;
  readonly routerPort: number;
  /** Null: the router speaks no TLS. */
  readonly routerTlsPort: number | null;
  readonly socket: string;
}

/** Written when tfkd lets clients in, withdrawn at a clean stop; a killed tfkd leaves it, so readers ask the socket too. */
export async function announce(home: string, file: RunFile): Promise<{ withdraw(): Promise<void> }> {
  const json = join(home, 'run', 'tfkd.json');
  await writeFileAtomic(json, `${JSON.stringify(file)}\n`);
  return {
    async withdraw() {
      await rm(json, { force: true });
    },
  };
}
