import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { codeOf } from '../../../../shared/errors.js';
import { parseEndpoint, UnusableEndpoint } from '../endpoint.js';
import type { Candidate, Strategy, Surroundings } from './strategy.js';

/** What `docker context use` has chosen: DOCKER_CONTEXT, else `currentContext` in Docker's own configuration. */
export class ContextStrategy implements Strategy {
  readonly name = 'docker context';

  async find(surroundings: Surroundings): Promise<readonly Candidate[] | null> {
    const { env, userHome } = surroundings;
    const folder = env['DOCKER_CONFIG'] ? env['DOCKER_CONFIG'] : join(userHome, '.docker');
    const context = env['DOCKER_CONTEXT'] || (await chosenIn(join(folder, 'config.json'), surroundings));
    if (!context || context === 'default') return null;
    // Docker names the folder of a context by the digest of its name.
    const id = createHash('sha256').update(context).digest('hex');
    const meta = await metaOf(context, join(folder, 'contexts', 'meta', id, 'meta.json'), surroundings);
    const host = textAt(meta, 'Endpoints', 'docker', 'Host');
    if (host === null) throw unusable(context, 'names no Docker endpoint');
    const keys = join(folder, 'contexts', 'tls', id, 'docker');
    const tls = { ca: join(keys, 'ca.pem'), cert: join(keys, 'cert.pem'), key: join(keys, 'key.pem') };
    const secured = await surroundings.readText(tls.ca).then(
      () => true,
      () => false,
    );
    return [{ endpoint: parseEndpoint(host, secured ? tls : null), source: `docker context ${context}` }];
  }
}

/** Null where there is no such file; one that cannot be read stops the search, for another engine is not what was asked for. */
async function chosenIn(path: string, { readText }: Surroundings): Promise<string | null> {
  try {
    return textAt(JSON.parse(await readText(path)), 'currentContext');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error) ?? '')) return null;
    throw new UnusableEndpoint(`${path} cannot be read`, 'Repair the file, or set DOCKER_HOST.');
  }
}

async function metaOf(context: string, path: string, { readText }: Surroundings): Promise<unknown> {
  try {
    return JSON.parse(await readText(path)) as unknown;
  } catch {
    throw unusable(context, 'is not defined');
  }
}

const unusable = (context: string, why: string): UnusableEndpoint =>
  new UnusableEndpoint(
    `the docker context ${JSON.stringify(context)} ${why}`,
    'Choose another one with `docker context use`, or set DOCKER_HOST.',
  );

/** The non-empty text at this path of JSON that anyone may have written. */
function textAt(value: unknown, ...path: readonly string[]): string | null {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return null;
    at = (at as Record<string, unknown>)[name];
  }
  return typeof at === 'string' && at !== '' ? at : null;
}
