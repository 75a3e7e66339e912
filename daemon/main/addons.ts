import { join } from 'node:path';
import { Addons, type AddonDependencies } from '../addons/addons.js';
import { POSTGRES_ALIASES, PostgresAddon } from '../addons/postgres/postgres-addon.js';
import type { Config } from '../config.js';
import type { ServiceHost } from '../engines/service-host.js';
import { systemPath } from './create-engines.js';

export interface AddonParts extends Pick<
  AddonDependencies,
  'store' | 'clock' | 'logger' | 'rebind' | 'actor'
> {
  /** Where add-ons of apps on Docker run. */
  readonly containers: ServiceHost;
}

/** The add-ons, with every service that this tfkd offers. */
export function createAddons(config: Config, { containers, ...parts }: AddonParts): Addons {
  const { home, nodePath, npmPath, buildEnv, userHome, systemDir, postgresImage, postgresBin } = config;
  const postgres = new PostgresAddon({
    addonsDir: join(home, 'addons'),
    logger: parts.logger,
    clock: parts.clock,
    nodePath,
    npmPath,
    buildEnv: { ...buildEnv, PATH: systemPath(nodePath), HOME: userHome },
    systemDir,
    containers,
    postgresImage,
    ...(postgresBin === null ? {} : { systemBin: postgresBin }),
  });
  return new Addons({
    ...parts,
    services: [postgres],
    aliases: Object.fromEntries(POSTGRES_ALIASES.map((alias) => [alias, postgres.name])),
  });
}
