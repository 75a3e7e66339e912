import type { Logger } from '../../shared/logger.js';
import type { AddonInstance } from '../addon.js';
import type { ServerFolder, ServerPlace } from '../servers/place.js';
import type { InstallRequest, MakeTools, ProcessKind } from '../servers/process-host.js';
import type { Binaries } from './binaries.js';
import { createCluster, majorOfData, removeUnfinished, setRoles, unfinishedIn } from './cluster.js';
import { credentialsOf, type Credentials } from './credentials.js';
import { newRecord, rolesOf } from './roles.js';
import { PostgresServer } from './server.js';
import { WhichBinaries, type BinariesOptions } from './which-binaries.js';

export interface PostgresProcessOptions extends BinariesOptions {
  readonly logger: Logger;
}

type Wanted = Omit<Credentials, 'port'>;

/** A server from npm's binaries, or from the operator's. */
export class PostgresProcess implements ProcessKind<Credentials, Binaries> {
  readonly what = 'a PostgreSQL server';
  readonly otherWay = 'make a new database for the app and move the rows: tfk addons:create postgres';

  private readonly which: WhichBinaries;

  constructor(
    private readonly place: ServerPlace,
    private readonly options: PostgresProcessOptions,
  ) {
    this.which = new WhichBinaries(place, options);
  }

  newCredentials(id: string): Wanted {
    return newRecord(id);
  }

  credentialsOf(addon: AddonInstance): Credentials {
    return credentialsOf(addon);
  }

  binariesForNew(request: InstallRequest): Promise<Binaries> {
    return this.which.forNew(request);
  }

  binariesForData({ data }: ServerFolder, name: string, request?: InstallRequest): Promise<Binaries> {
    return this.which.forData(data, name, request);
  }

  async hasData({ data }: ServerFolder): Promise<boolean> {
    return (await majorOfData(data)) !== undefined;
  }

  async make(folder: ServerFolder, wanted: Wanted, tools: MakeTools<Binaries>): Promise<void> {
    await removeUnfinished(folder);
    await this.place.make(folder);
    await this.place.makeOwned(unfinishedIn(folder));
    await createCluster(folder, rolesOf(wanted), tools);
  }

  async takeUp(folder: ServerFolder, wanted: Wanted, tools: MakeTools<Binaries>): Promise<void> {
    await setRoles(folder, rolesOf(wanted), tools);
  }

  serverIn(folder: ServerFolder): PostgresServer {
    const { clock, logger } = this.options;
    return new PostgresServer(folder, { clock, logger });
  }
}
