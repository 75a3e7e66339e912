import { TfkError, type ErrorId } from '../../../shared/errors.js';
import { answerOf, statusOf } from '../answers.js';

interface Explanation {
  readonly pattern: RegExp;
  readonly id: ErrorId;
  readonly says: string;
  readonly hint: string;
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /docker-init/,
    id: 'unavailable',
    says: 'this Docker has no docker-init',
    hint: 'Install the package docker-init (or tini), or install Docker Engine anew.',
  },
  {
    pattern: /unable to find user|no matching entries in passwd|unable to find group/,
    id: 'invalid_params',
    says: 'the user that its Dockerfile names is not in the image',
    hint: 'Correct USER in the Dockerfile, and push again.',
  },
  {
    pattern: /minimum memory limit/i,
    id: 'invalid_params',
    says: 'its memory limit is smaller than Docker takes, 6 MB',
    hint: 'Give it a larger size with `tfk ps:resize`.',
  },
  {
    pattern: /no space left on device/i,
    id: 'insufficient_storage',
    says: 'Docker’s disk is full',
    hint: 'Make room, e.g. with `docker system df` and `docker image prune`.',
  },
];

/**
 * Dockerd's refusal to make or run a dyno's container, in words for the app's owner. What is no refusal stays as it is. A program
 * that is not in the image is none: the container's init says so in the dyno's log, and the exit code is 127.
 */
export function startFailure(dyno: string, error: unknown): unknown {
  if (statusOf(error) === null) return error;
  const answer = answerOf(error);
  const fail = (id: ErrorId, says: string, hint: string) =>
    new TfkError(id, `${dyno} cannot be started: ${says}.`, { hint, cause: error });
  const known = EXPLANATIONS.find(({ pattern }) => pattern.test(answer));
  if (known) return fail(known.id, known.says, known.hint);
  return fail(
    'internal_server_error',
    `Docker says: ${answer}`,
    'See `tfk doctor`, and what `docker info` says.',
  );
}
