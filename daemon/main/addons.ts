import { delimiter, join } from 'node:path';
import type { AddonService } from '../addons/addon.js';
import { Addons, type AddonDependencies } from '../addons/addons.js';
import { POSTGRES_ALIASES, PostgresAddon } from '../addons/postgres/postgres-addon.js';
import { REDIS_ALIASES, RedisAddon } from '../addons/redis/redis-addon.js';
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
  const { clock, logger } = parts;
  const place = { addonsDir: join(config.home, 'addons'), systemDir: config.systemDir, containers };
  const postgres = new PostgresAddon({ ...place, clock, logger, ...postgresOptions(config) });
  const redis = new RedisAddon({ ...place, clock, ...redisOptions(config) });
  return new Addons({
    ...parts,
    services: [postgres, redis],
    aliases: { ...namesOf(POSTGRES_ALIASES, postgres), ...namesOf(REDIS_ALIASES, redis) },
  });
}

const namesOf = (aliases: readonly string[], { name }: AddonService): Record<string, string> =>
  Object.fromEntries(aliases.map((alias) => [alias, name]));

function postgresOptions({ nodePath, npmPath, buildEnv, userHome, postgresImage, postgresBin }: Config) {
  return {
    nodePath,
    npmPath,
    buildEnv: { ...buildEnv, PATH: systemPath(nodePath), HOME: userHome },
    postgresImage,
    ...(postgresBin === null ? {} : { systemBin: postgresBin }),
  };
}

function redisOptions({ redisBin: bin, redisImage, toolchains, nodePath }: Config) {
  return {
    redisImage,
    binaries: { bin, path: [...toolchains.path, ...systemPath(nodePath).split(delimiter)] },
  };
}
