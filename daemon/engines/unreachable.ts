import { TfkError, type ErrorDetails } from '../shared/errors.js';

/** An engine does not answer. That says nothing of its dynos: they may well run. */
export class EngineUnreachable extends TfkError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('unavailable', message, details);
  }
}
