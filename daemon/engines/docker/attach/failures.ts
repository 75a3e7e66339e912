import { messageOf, TfkError } from '../../../shared/errors.js';
import { EngineUnreachable } from '../../unreachable.js';
import { statusOf, unless } from '../answers.js';

/** For what is in vain when the process has ended or is gone, and then needs no complaint. */
export async function unlessEnded(request: Promise<unknown>): Promise<void> {
  await unless([404, 409, 500], request).catch((error: unknown) => {
    throw asUnreachable(error);
  });
}

/** A lost connection in words for users; anything else as it is. */
export function asUnreachable(error: unknown): unknown {
  if (error instanceof TfkError || statusOf(error) !== null) return error;
  return connectionLost(error);
}

export const connectionLost = (cause: unknown): EngineUnreachable =>
  new EngineUnreachable(`The connection to Docker was lost: ${messageOf(cause)}. The dyno may still run.`, {
    cause,
    hint: 'See `tfk ps`, and `tfk doctor` for Docker itself.',
  });
