import { join } from 'node:path';
import type { Candidate, Strategy, Surroundings } from './strategy.js';

/** Where Docker listens when nobody says otherwise: the system's engine, a user's own (rootless), Docker Desktop. */
export class UsualSocketsStrategy implements Strategy {
  readonly name = 'the usual sockets';

  find({ env, userHome }: Surroundings): Promise<readonly Candidate[]> {
    const runtimeDir = env['XDG_RUNTIME_DIR'];
    const paths = [
      '/var/run/docker.sock',
      ...(runtimeDir ? [join(runtimeDir, 'docker.sock')] : []),
      join(userHome, '.docker', 'run', 'docker.sock'),
    ];
    return Promise.resolve(
      paths.map((path) => ({ endpoint: { kind: 'unix', path }, source: 'usual socket' })),
    );
  }
}
