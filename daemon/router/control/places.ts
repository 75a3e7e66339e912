import { join } from 'node:path';

/** Where the router keeps its things under tfk's home folder. */
export interface RouterPlaces {
  readonly folder: string;
  readonly socket: string;
  readonly table: string;
  readonly certificates: string;
  /** The router's own log, for people. */
  readonly log: string;
}

export function routerPlaces(home: string): RouterPlaces {
  const folder = join(home, 'router');
  return {
    folder,
    socket: join(folder, 'control.sock'),
    table: join(folder, 'table.json'),
    certificates: join(folder, 'certificates.json'),
    log: join(folder, 'router.log'),
  };
}
