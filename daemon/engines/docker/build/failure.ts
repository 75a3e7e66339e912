import { TfkError, codeOf, isDiskFull, messageOf } from '../../../shared/errors.js';
import { EngineUnreachable } from '../../unreachable.js';
import { unless } from '../answers.js';
import { failureOf } from '../connection/words.js';

/** For what may be gone, or be on its way out, already. */
export async function ifThere(answer: Promise<unknown>): Promise<void> {
  await unless([304, 404, 409], answer);
}

/** An engine's or a disk's failure in the words of tfk. */
export function inOurWords(error: unknown): unknown {
  if (error instanceof TfkError) return error;
  if (isDiskFull(error) || /no space left on device|disk quota exceeded/i.test(messageOf(error))) {
    return new TfkError(
      'insufficient_storage',
      'The disk became full during the build; nothing of it was kept.',
      {
        hint: 'Free some space and push again; `tfk doctor` shows what there is.',
        cause: error,
      },
    );
  }
  if (failureOf(error) !== null || codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new EngineUnreachable(
      'The Docker engine stopped answering in the middle of the build; nothing of it was kept.',
      {
        hint: 'Start Docker and push again; `tfk doctor` shows what is wrong.',
        cause: error,
      },
    );
  }
  return error;
}
