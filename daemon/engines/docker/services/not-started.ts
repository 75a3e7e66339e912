import { TfkError } from '../../../shared/errors.js';
import { answerOf, statusOf } from '../answers.js';

/** Why a service was not started, for its user. */
export function notStarted(name: string, error: unknown): unknown {
  if (error instanceof TfkError || statusOf(error) === null) return error;
  const answer = answerOf(error);
  if (/port is already allocated|address already in use/i.test(answer))
    return new TfkError('conflict', `Docker did not start ${name}, for its port is taken: ${answer}`, {
      cause: error,
    });
  if (/no space left/i.test(answer))
    return new TfkError('insufficient_storage', `Docker found no room to start ${name}: ${answer}`, {
      hint: 'Free some disk (docker system df shows who takes it) and run the command again.',
      cause: error,
    });
  return new TfkError('unavailable', `Docker did not start ${name}: ${answer}`, { cause: error });
}
