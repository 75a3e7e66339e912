/**
 * Every error that tfk answers on purpose, by its machine id. The ids are Heroku's where Heroku has one (Platform API
 * Reference, "Errors"); docs/errors.md documents each, and a test compares the two.
 */
export const ERROR_STATUS = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported_media_type: 415,
  requested_range_not_satisfiable: 416,
  misdirected_request: 421,
  invalid_params: 422,
  multiple_matches: 422,
  confirmation_required: 423,
  rate_limit: 429,
  internal_server_error: 500,
  not_implemented: 501,
  unavailable: 503,
  insufficient_storage: 507,
} as const;

export type ErrorId = keyof typeof ERROR_STATUS;

export interface ErrorDetails {
  /** What to type or do next; one sentence. */
  readonly hint?: string;
  /** The kind of thing that was not found (`app`, `release`, `add_on`…): Heroku's clients read it. */
  readonly resource?: string;
  /** Names that were probably meant, the likeliest first. */
  readonly suggestions?: readonly string[];
  /** Seconds after which it may be tried again. */
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** An error whose message is meant for the user: what happened, and where it stands now. Never holds a secret. */
export class TfkError extends Error {
  override readonly name = 'TfkError';
  readonly hint: string | undefined;
  readonly resource: string | undefined;
  readonly suggestions: readonly string[];
  readonly retryAfterS: number | undefined;

  constructor(
    readonly id: ErrorId,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hint = details.hint;
    this.resource = details.resource;
    this.suggestions = details.suggestions ?? [];
    this.retryAfterS = details.retryAfterS;
  }
}

export function notFound(resource: string, what: string, hint?: string): TfkError {
  return new TfkError('not_found', what, hint === undefined ? { resource } : { resource, hint });
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Did a write find no room, in a file or in the database? */
export const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(codeOf(error) ?? '');

/** The system error code (`ENOENT`, `EADDRINUSE`…) of anything thrown, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
