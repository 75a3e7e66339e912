import type { FastifyRequest } from 'fastify';
import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import type { TokenRecord } from '../store/tokens.js';
import type { UserRecord } from '../store/users.js';

const FAILURES = 10;
const WINDOW_MS = 60_000;
/** Addresses that are remembered; far more than one machine's loopback has clients. */
const ADDRESSES = 10_000;

/**
 * Tokens over TCP: `Bearer <token>`, or Basic with the token as password and any user. A token that is right works always;
 * after ten wrong ones within a minute an address is told to wait.
 */
export class TokenCheck {
  private readonly failures = new Map<string, { count: number; since: number }>();

  constructor(
    private readonly find: (token: string) => TokenRecord | undefined,
    private readonly clock: Clock,
  ) {}

  /** @throws TfkError `unauthorized`, or `rate_limit` */
  check(request: FastifyRequest): { readonly record: TokenRecord; readonly text: string } {
    const header = request.headers.authorization;
    if (header === undefined) throw unauthorized('This needs a token.');
    const token = tokenOf(header);
    const record = token === null ? undefined : this.find(token);
    if (record && token !== null) return { record, text: token };
    this.countFailure(request.ip);
    if (loginOf(header) !== null) throw wrongPassword();
    throw unauthorized('This token is unknown, revoked or expired.');
  }

  private countFailure(address: string): void {
    const now = this.clock.now();
    const known = this.failures.get(address);
    const entry = known && now - known.since < WINDOW_MS ? known : { count: 0, since: now };
    entry.count += 1;
    if (this.failures.size >= ADDRESSES) this.failures.clear();
    this.failures.set(address, entry);
    if (entry.count > FAILURES) {
      throw new TfkError('rate_limit', 'Too many wrong tokens came from this address.', {
        hint: 'Wait a minute, then try the right one.',
        retryAfterS: WINDOW_MS / 1000,
      });
    }
  }
}

const unauthorized = (message: string): TfkError =>
  new TfkError('unauthorized', message, { hint: 'Make one on the machine itself: tfk auth:token' });

const wrongPassword = (): TfkError =>
  new TfkError(
    'unauthorized',
    'The password is not a token of this tfkd, or one that was revoked or has expired.',
    {
      hint: 'Make a token on the machine itself, and give it as the password: tfk auth:token',
    },
  );

/**
 * `heroku login -i` asks for an e-mail address and a password: the password is a token of that user.
 * @throws TfkError `unauthorized` where it is another's
 */
export function assertLogin(header: string | undefined, user: UserRecord): void {
  const login = header === undefined ? null : loginOf(header);
  if (login === null || login.toLowerCase() === user.email.toLowerCase()) return;
  throw new TfkError(
    'unauthorized',
    'The password is a token, but not of the user with this e-mail address.',
    {
      hint: `Log in as ${user.email}, or make a token for the other: tfk auth:token --user EMAIL`,
    },
  );
}

/** The e-mail address of a Basic header; null where the user is anything else, as most clients have it. */
function loginOf(header: string): string | null {
  const [, encoded] = /^basic +(\S+)$/i.exec(header.trim()) ?? [];
  if (encoded === undefined) return null;
  const [user = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return user.includes('@') ? user : null;
}

/** The token of an Authorization header, or null where it has none. */
export function tokenOf(header: string): string | null {
  const [, scheme = '', rest = ''] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return rest;
    case 'basic': {
      const pair = Buffer.from(rest, 'base64').toString('utf8');
      const colon = pair.indexOf(':');
      return colon === -1 ? null : pair.slice(colon + 1);
    }
    default:
      return null;
  }
}
