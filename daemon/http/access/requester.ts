import type { FastifyRequest } from 'fastify';
import type { Scope } from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { TokenRecord } from '../../store/tokens.js';
import type { UserRecord } from '../../store/users.js';

/** On whose behalf a request is. */
export interface Requester {
  readonly user: UserRecord;
  /** Is it the user to whom this home belongs? Who speaks through the unix socket is. */
  readonly isAccount: boolean;
  /** The token that the request came with, and its text; null over the unix socket. */
  readonly token: { readonly record: TokenRecord; readonly text: string } | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The URL holds a secret that stands for the token. */
    readonly secretUrl?: boolean;
    /** Anybody may ask: it is the same everywhere, and tells nothing of this machine. */
    readonly open?: boolean;
    /** What a token must be good for; see scopes.ts. */
    readonly scope?: Scope;
    /** It takes nothing of what a token may ask in an hour. */
    readonly uncounted?: boolean;
    /** Beside a scope: only the owner of the app in the path, or only the account, may do this. */
    readonly only?: 'owner' | 'account';
  }
  interface FastifyRequest {
    /** Null for a request by a secret URL, which is nobody's. */
    requester: Requester | null;
  }
}

/** @throws TfkError `unauthorized`, for a request that is nobody's. */
export function requesterOf({ requester }: FastifyRequest): Requester {
  if (requester) return requester;
  throw new TfkError('unauthorized', 'This needs a token.');
}

/** Who speaks through the unix socket may read the machine's files anyway. */
export const isOnMachine = ({ requester }: FastifyRequest): boolean => requester?.token === null;
