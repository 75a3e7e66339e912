import { delimiter, join } from 'node:path';
import type { AddonService } from '../addons/addon.js';
import { Addons, type AddonDependencies } from '../addons/addons.js';
import { ManifestAddon, rememberedService } from '../addons/manifests/manifest-addon.js';
import { readManifests, type BrokenManifest } from '../addons/manifests/read.js';
import { POSTGRES_ALIASES, PostgresAddon } from '../addons/postgres/postgres-addon.js';
import { REDIS_ALIASES, RedisAddon } from '../addons/redis/redis-addon.js';
import { portsInUse } from '../addons/servers/ports-in-use.js';
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

export interface AddonStage {
  readonly addons: Addons;
  /** For `tfk doctor`. */
  readonly brokenManifests: readonly BrokenManifest[];
}

/** The add-ons, with every service that this tfkd offers: its own, and the operator's. */
export async function createAddons(
  config: Config,
  { containers, ...parts }: AddonParts,
): Promise<AddonStage> {
  const { clock, logger } = parts;
  const place = { addonsDir: join(config.home, 'addons'), systemDir: config.systemDir, containers };
  const postgres = new PostgresAddon({ ...place, clock, logger, ...postgresOptions(config) });
  const redis = new RedisAddon({ ...place, clock, ...redisOptions(config) });
  const own = [postgres, redis];
  const aliases = { ...namesOf(POSTGRES_ALIASES, postgres), ...namesOf(REDIS_ALIASES, redis) };
  const taken = [...own.map(({ name }) => name), ...Object.keys(aliases)];
  const { manifests, broken } = await readManifests(config.addonsDir, taken);
  for (const { file, problems } of broken)
    logger.warn({ file, problems }, 'a manifest of an add-on is left out');
  const inUse = portsInUse([place.addonsDir, place.systemDir], containers);
  const ofManifests = { containers, clock, portsInUse: inUse };
  const addons = new Addons({
    ...parts,
    services: [...own, ...manifests.map((manifest) => new ManifestAddon(manifest, ofManifests))],
    aliases,
    remembered: ({ data }) => rememberedService(data, ofManifests),
  });
  return { addons, brokenManifests: broken };
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
