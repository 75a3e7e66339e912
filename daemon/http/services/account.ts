import type { KeyRecord } from '../../store/keys.js';
import type { TokenRecord } from '../../store/tokens.js';
import type { UserRecord } from '../../store/users.js';

export interface AccountService {
  /** The user to whom this home belongs. */
  account(): UserRecord;
  /** By id or e-mail address. */
  user(idOrEmail: string): UserRecord | undefined;
  /** The user of this address, made if there is none. */
  ensureUser(email: string): UserRecord;
  /** Everybody's. */
  tokens(): readonly TokenRecord[];
  /** Makes a token, whose text is told here once and never again. `expiresAt` in milliseconds since the epoch. */
  createToken(input: {
    readonly userId: string;
    readonly description: string;
    readonly scope: readonly string[];
    readonly expiresAt: number | null;
  }): { record: TokenRecord; token: string };
  describeToken(id: string, description: string): void;
  /** Another text for the same token; the one before is good no longer. */
  regenerateToken(id: string): string;
  revokeToken(id: string): void;
  /** The token's record, unless it is unknown, revoked or expired. */
  authenticate(token: string): TokenRecord | undefined;
}

export interface KeyService {
  list(userId: string): readonly KeyRecord[];
  /** One line of OpenSSH's. */
  add(userId: string, publicKey: string): KeyRecord;
  remove(id: string): void;
}
