import { messageOf } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';

/** Of the removal of one thing that was left: where it fails, that is told, and the thing stays. Nothing is to wait for it. */
export async function orLeft(
  removal: Promise<unknown>,
  leftover: Readonly<Record<string, string>>,
  logger: Logger,
): Promise<void> {
  await removal.catch((error: unknown) => {
    logger.warn({ ...leftover, reason: messageOf(error) }, 'what an earlier tfkd left cannot be removed');
  });
}
