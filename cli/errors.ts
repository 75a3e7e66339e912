/** Exit codes of tfk; `run` and `ps:exec` answer the command's own. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export interface UserErrorDetails {
  /** What to type or do next: one sentence. */
  readonly hint?: string;
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/** An error whose message is meant for the user: what happened, and where it stands now. Anything else thrown is a bug of ours. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, details: UserErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? EXIT.failed;
  }
}

/** What was typed cannot be meant: nothing was done. */
export class UsageError extends UserError {
  override readonly name = 'UsageError';

  constructor(message: string, hint?: string) {
    super(message, { exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
  }
}

/** The user pressed Ctrl-C; the message says what goes on without us. */
export class Interrupted extends UserError {
  override readonly name = 'Interrupted';

  constructor(message: string, hint?: string) {
    super(message, { exitCode: EXIT.interrupted, ...(hint === undefined ? {} : { hint }) });
  }
}

/** The system error code (`ENOENT`, `EPIPE`…) of anything thrown, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
