/** The machine ids of errors; docs/errors.md tells each. Loads nothing, so that a client may read it at once. */
export const ERROR_IDS = [
  'bad_request',
  'unauthorized',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'conflict',
  'gone',
  'too_large',
  'unsupported_media_type',
  'requested_range_not_satisfiable',
  'misdirected_request',
  'invalid_params',
  'multiple_matches',
  'confirmation_required',
  'rate_limit',
  'internal_server_error',
  'not_implemented',
  'unavailable',
  'insufficient_storage',
] as const;

export type ErrorId = (typeof ERROR_IDS)[number];

/** The body of every reply with a status of 400 and above. */
export interface ErrorBody {
  readonly id: ErrorId;
  /** What happened, and where it stands now. */
  readonly message: string;
  /** Where to read more. */
  readonly url?: string;
  /** What to type next. */
  readonly hint?: string;
  /** The kind of thing that was not found: `app`, `release`, `add_on`… */
  readonly resource?: string;
  /** Names that were probably meant, the likeliest first. */
  readonly suggestions?: readonly string[];
}

/** Is it such a body? Ids of another version's are let through. */
export function isErrorBody(value: unknown): value is ErrorBody {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
