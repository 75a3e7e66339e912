import { messageOf, TfkError } from '../../../shared/errors.js';
import { EngineUnreachable } from '../../unreachable.js';

/** The status that Docker answered with; undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** For what is in vain when the process has ended or is gone, and then needs no complaint. */
export async function unlessEnded(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (![404, 409, 500].includes(statusOf(error) ?? 0)) throw asUnreachable(error);
  });
}

/** A lost connection in words for users; anything else as it is. */
export function asUnreachable(error: unknown): unknown {
  if (error instanceof TfkError || statusOf(error) !== undefined) return error;
  return connectionLost(error);
}

export const connectionLost = (cause: unknown): EngineUnreachable =>
  new EngineUnreachable(`The connection to Docker was lost: ${messageOf(cause)}. The dyno may still run.`, {
    cause,
    hint: 'See `tfk ps`, and `tfk doctor` for Docker itself.',
  });
