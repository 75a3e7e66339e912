import { codeOf, messageOf } from '../../../shared/errors.js';
import { EngineUnreachable } from '../../unreachable.js';

/** One way to Docker that was tried. */
export interface Try {
  /** Who named it, e.g. `DOCKER_HOST`. */
  readonly source: string;
  /** `unix:///var/run/docker.sock`; null where nothing usable was named. */
  readonly endpoint: string | null;
  /** Null: Docker answered there. */
  readonly failure: Failure | null;
}

export interface Failure {
  readonly reason: string;
  readonly hint: string;
  /** How much it says of what is wrong here: a hint of the highest is shown. */
  readonly weight: number;
}

const START = 'Start it, e.g. with `sudo systemctl start docker`.';
const INSTALL = 'Install Docker Engine 20.10 or newer and start it.';

const FAILURES: Readonly<Record<string, Failure>> = {
  ENOENT: { reason: 'there is no such socket', hint: INSTALL, weight: 0 },
  ENOTDIR: { reason: 'there is no such socket', hint: INSTALL, weight: 0 },
  ECONNREFUSED: { reason: 'nothing listens there: Docker is not running', hint: START, weight: 1 },
  ENOTSOCK: { reason: 'that is not a socket', hint: 'Set DOCKER_HOST to Docker’s socket.', weight: 1 },
  ECONNRESET: { reason: 'it ended the connection', hint: START, weight: 2 },
  EPIPE: { reason: 'it ended the connection', hint: START, weight: 2 },
  ETIMEDOUT: {
    reason: 'it does not answer',
    hint: 'See what it is doing with `docker info`, and restart it.',
    weight: 2,
  },
  ENOTFOUND: { reason: 'its host name is not known', hint: 'Correct DOCKER_HOST.', weight: 2 },
  EAI_AGAIN: {
    reason: 'its host name cannot be looked up now',
    hint: 'Try again, or correct DOCKER_HOST.',
    weight: 2,
  },
  EHOSTUNREACH: {
    reason: 'its host is not reached',
    hint: 'Start that machine, or correct DOCKER_HOST.',
    weight: 2,
  },
  ENETUNREACH: {
    reason: 'its network is not reached',
    hint: 'Start that machine, or correct DOCKER_HOST.',
    weight: 2,
  },
  EACCES: {
    reason: 'this user may not use it',
    hint: 'Run tfkd as root, or as a user of the group docker (`sudo usermod -aG docker USER`, then log in again).',
    weight: 3,
  },
};

/** Somebody else's dockerd, or the same one begun anew: one whose data are gone may call itself otherwise. */
export const anotherEngine = (memory: string): Failure => ({
  reason: 'it is another engine than the one that this home’s dynos are on',
  hint: `Start that one, or name it with DOCKER_HOST. If it is gone for good, its dynos and images are too: remove ${memory}, then push the apps again.`,
  weight: 4,
});

/** Null: this error comes from a dockerd that did answer. */
export function failureOf(error: unknown): Failure | null {
  const code = codeOf(error) ?? (messageOf(error) === 'socket hang up' ? 'ECONNRESET' : '');
  const known = FAILURES[code === 'EPERM' ? 'EACCES' : code];
  if (!known) return null;
  return code === 'ETIMEDOUT' ? { ...known, reason: messageOf(error) } : known;
}

/** What to tell whoever needed Docker, and found none. */
export function noneAnswered(tries: readonly Try[]): EngineUnreachable {
  const told = tries.map(({ source, endpoint, failure }) => {
    const place = endpoint === null ? source : `${endpoint} (${source})`;
    return `${place}: ${failure?.reason ?? 'it answered'}`;
  });
  const [telling] = tries
    .flatMap(({ failure }) => failure ?? [])
    .sort((one, other) => other.weight - one.weight);
  return new EngineUnreachable(`Docker does not answer. Tried ${told.join('; ')}.`, {
    hint: telling?.hint ?? INSTALL,
  });
}

/** A dockerd that answered until now. */
export function connectionLost(endpoint: string, failure: Failure, cause: unknown): EngineUnreachable {
  const { reason, hint } = failure;
  return new EngineUnreachable(`Docker at ${endpoint} does not answer: ${reason}.`, { hint, cause });
}
