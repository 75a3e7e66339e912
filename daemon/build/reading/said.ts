import { PlanError } from '../../../buildpacks/planner.js';
import { messageOf } from '../../shared/errors.js';
import type { FailureReason } from '../contracts.js';
import { BuildFailure } from '../failure.js';

/** One line of the reading program. */
export type Said =
  | { readonly reading: string }
  | { readonly answer: unknown }
  | {
      readonly failure: {
        readonly reason: FailureReason;
        readonly message: string;
        readonly hint?: string | undefined;
      };
    };

/** What an error means that came while it read that file. */
export function failureOf(error: unknown, file: string | null): Extract<Said, { readonly failure: unknown }> {
  if (error instanceof BuildFailure || error instanceof PlanError) {
    const { message, hint } = error;
    const reason = error instanceof BuildFailure ? error.reason : 'plan';
    return { failure: { reason, message: clipped(message), hint } };
  }
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    const message = `${file ?? 'The source'} is nested too deeply to be read.`;
    return { failure: { reason: 'plan', message } };
  }
  return { failure: { reason: 'internal', message: messageOf(error) } };
}

/** A message may name what a file says; nobody reads a megabyte of it. */
const LONGEST = 4000;
const clipped = (message: string): string =>
  message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message;
