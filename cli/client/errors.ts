import { isErrorBody, type ErrorBody } from '../../api/errors.js';
import { didYouMean } from '../closest.js';
import { UserError } from '../errors.js';

/** tfkd's refusal, in its own words. */
export class ApiError extends UserError {
  override readonly name = 'ApiError';
  readonly id: string;
  readonly resource: string | undefined;

  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    const hint = hintOf(body);
    super(body.message, hint === undefined ? {} : { hint });
    this.id = body.id;
    this.resource = body.resource;
  }
}

export function apiError(status: number, text: string): UserError {
  const body = parsed(text);
  if (isErrorBody(body)) return new ApiError(status, body);
  const told = text.trim().slice(0, 200);
  return new UserError(`tfkd answered ${status}${told === '' ? '' : `: ${told}`}`, {
    hint: 'Type: tfk daemon logs',
  });
}

/** What was probably meant comes first, then tfkd's own advice, which may have said it already. */
function hintOf({ hint, suggestions = [] }: ErrorBody): string | undefined {
  const guess = hint?.includes('Did you mean') === true ? undefined : didYouMean(suggestions);
  const hints = [guess, hint].filter((line) => line !== undefined);
  return hints.length === 0 ? undefined : hints.join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
