import { PlanError } from '../../buildpacks/planner.js';
import { TfkError, messageOf } from '../shared/errors.js';
import type { FailureReason } from './contracts.js';
import { BuildStopped } from './queue.js';
import { SourceRefused } from './unpack.js';

/** The build cannot be done; not tfkd's fault. */
export class BuildFailure extends Error {
  override readonly name = 'BuildFailure';
  constructor(
    readonly reason: FailureReason,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

export interface Failure {
  readonly reason: FailureReason;
  readonly message: string;
  readonly hint: string | undefined;
}

/** What anything thrown during a build means for its row and its output. */
export function failureFrom(error: unknown, signal: AbortSignal): Failure {
  const stopped: unknown = signal.aborted ? signal.reason : error;
  if (stopped instanceof BuildStopped)
    return { reason: stopped.kind, message: stopped.message, hint: undefined };
  if (error instanceof BuildFailure)
    return { reason: error.reason, message: error.message, hint: error.hint };
  if (error instanceof PlanError) return { reason: 'plan', message: error.message, hint: error.hint };
  if (error instanceof SourceRefused) {
    const hint = 'Pack the folder with `tfk push`, or with tar from inside of it.';
    return { reason: 'source', message: error.message, hint };
  }
  if (error instanceof TfkError) return { reason: 'internal', message: error.message, hint: error.hint };
  return {
    reason: 'internal',
    message: `tfkd failed while it built: ${messageOf(error)}`,
    hint: '`tfk daemon:logs` says more.',
  };
}
