import { configOrExit, type Config } from '../config.js';
import { createLog } from '../log.js';
import { chooseStore } from '../stores/choose.js';
import type { Store } from '../stores/store.js';

/**
 * Runs an admin task: in the same release, with the same config and the same code as the app. It prints for people; a failure is
 * one line and exit code 1.
 */
export async function runTask(task: (store: Store, config: Config) => Promise<void>): Promise<void> {
  // A request has a time limit; a task takes what it takes.
  const config = { ...configOrExit(), storeTimeoutMs: 600_000 };
  const store = chooseStore(config, createLog(config));
  try {
    await task(store, config);
  } catch (error) {
    process.stderr.write(`Failed: ${messageOf(error)}\n`);
    process.exitCode = 1;
  } finally {
    await store.close();
  }
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Node gathers several refused connections (to ::1 and 127.0.0.1) in one error without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
