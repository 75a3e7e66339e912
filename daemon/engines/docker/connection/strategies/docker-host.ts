import { join } from 'node:path';
import { parseEndpoint } from '../endpoint.js';
import type { Candidate, Strategy, Surroundings } from './strategy.js';

/** DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH as Docker's own tools read them. */
export class DockerHostStrategy implements Strategy {
  readonly name = 'DOCKER_HOST';

  find({ env, userHome }: Surroundings): Promise<readonly Candidate[] | null> {
    const host = env['DOCKER_HOST'];
    if (!host) return Promise.resolve(null);
    const folder = env['DOCKER_CERT_PATH'] ? env['DOCKER_CERT_PATH'] : join(userHome, '.docker');
    const files = {
      ca: join(folder, 'ca.pem'),
      cert: join(folder, 'cert.pem'),
      key: join(folder, 'key.pem'),
    };
    return Promise.resolve([
      { endpoint: parseEndpoint(host, env['DOCKER_TLS_VERIFY'] ? files : null), source: this.name },
    ]);
  }
}
