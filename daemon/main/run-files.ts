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

const pathIn = (home: string): string => join(home, 'run', 'tfkd.json');

/** Written just before tfkd lets clients in; a killed tfkd leaves it, so readers ask the socket too. */
export async function announce(home: string, file: RunFile): Promise<void> {
  await writeFileAtomic(pathIn(home), `${JSON.stringify(file)}\n`);
}

/** At a clean stop. */
export async function withdraw(home: string): Promise<void> {
  await rm(pathIn(home), { force: true });
}
