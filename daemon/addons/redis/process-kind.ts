import { readdir } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { AddonInstance } from '../addon.js';
import type { ServerFolder, ServerPlace } from '../servers/place.js';
import type { ProcessKind } from '../servers/process-host.js';
import { findBinaries, type Binaries, type BinariesOptions } from './binaries.js';
import { credentialsOf, newCredentials, type Credentials } from './credentials.js';
import { RedisServer } from './server.js';

export interface RedisProcessOptions {
  readonly clock: Clock;
  readonly binaries: BinariesOptions;
}

/** A server of this machine's own Redis or Valkey. */
export class RedisProcess implements ProcessKind<Credentials, Binaries> {
  readonly what = 'a Redis server';
  readonly otherWay = 'make a new one for the app: tfk addons:create redis';

  constructor(
    private readonly place: ServerPlace,
    private readonly options: RedisProcessOptions,
  ) {}

  newCredentials(): Omit<Credentials, 'port'> {
    return newCredentials();
  }

  credentialsOf(addon: AddonInstance): Credentials {
    return credentialsOf(addon);
  }

  binariesForNew(): Promise<Binaries> {
    return findBinaries(this.options.binaries);
  }

  /** Over a folder without its data the server would start empty, and say nothing. */
  async binariesForData(folder: ServerFolder, name: string): Promise<Binaries> {
    if (await this.hasData(folder)) return findBinaries(this.options.binaries);
    throw new TfkError('gone', `The data of ${name} is no longer at ${folder.data}.`, {
      hint: `Put it back from a backup, or remove the add-on with tfk addons:destroy ${name}.`,
    });
  }

  async hasData({ data }: ServerFolder): Promise<boolean> {
    return (await readdir(data).catch(() => [])).length > 0;
  }

  /** The server makes its files when it first starts. */
  async make(folder: ServerFolder): Promise<void> {
    await this.place.make(folder);
    await this.place.makeOwned(folder.data);
  }

  /** A password is a matter of settings, which are written at each start. */
  async takeUp(): Promise<void> {
    return undefined;
  }

  /** So that its next start has the credentials which the running server has been told. */
  async keep(addon: AddonInstance): Promise<void> {
    const { name, plan, id } = addon;
    const request = { name, plan, credentials: credentialsOf(addon), owner: await this.place.owner() };
    await this.serverIn(await this.place.folderOf(id)).rewriteConf(request);
  }

  serverIn(folder: ServerFolder): RedisServer {
    return new RedisServer(folder, this.options.clock);
  }
}
