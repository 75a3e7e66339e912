import { randomInt } from 'node:crypto';
import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import { newSecret } from '../shared/ids.js';

/** Heroku's CLI gives up after ten minutes. */
const PATIENCE_MS = 9 * 60_000;
/** Logins that wait at once: whoever reaches the port can begin one. */
const MOST = 20;
/** Without vowels, so that no word comes of it, and nothing looks like another (RFC 8628 §6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

export interface Login {
  /** Shown to people: `WDJB-MJHT`. It gives nothing to who knows it. */
  readonly code: string;
  readonly description: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

interface Begun extends Login {
  readonly secret: string;
  readonly isApproved: boolean;
  /** Answers the id of the user who approves it, or null at its end: nobody did. */
  readonly approval: Promise<string | null>;
  readonly settle: (userId: string | null) => void;
  readonly forget: () => void;
}

/**
 * Logins by a browser, each until a user of this tfkd approves it and its client has come for the token. Who begins one is a
 * stranger: the code gives nothing to who knows it, and what the approval gives goes to who holds the secret, once.
 */
export class Logins {
  /** By code, the oldest first. */
  private readonly begun = new Map<string, Begun>();
  /** Codes of those whose clients wait for an answer now, and how many do. */
  private readonly awaited = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** @throws TfkError `rate_limit` */
  begin(description: string): Login & { readonly secret: string } {
    if (this.begun.size >= MOST && !this.dropOneUnawaited())
      throw new TfkError('rate_limit', `${MOST} logins wait for approval already. This one was not begun.`, {
        hint: 'Wait until they have ended, or log in by a token: heroku login -i',
        retryAfterS: 60,
      });
    const code = this.newCode();
    const createdAt = this.clock.now();
    const login = { code, description, secret: newSecret(), createdAt, expiresAt: createdAt + PATIENCE_MS };
    const end = new AbortController();
    let settle: Begun['settle'] = () => undefined;
    const approval = new Promise<string | null>((resolve) => (settle = resolve));
    this.begun.set(code, { ...login, isApproved: false, approval, settle, forget: () => end.abort() });
    void this.clock.sleep(PATIENCE_MS, end.signal).then(() => {
      if (this.begun.get(code)?.secret === login.secret) this.begun.delete(code);
      settle(null);
    });
    return login;
  }

  /** One that nobody has approved yet, by its code as people write it. */
  find(code: string): Login {
    return this.waiting(code);
  }

  /** Once; from now on its client may have a token of this user. */
  approve(code: string, userId: string): Login {
    const login = this.waiting(code);
    this.begun.set(login.code, { ...login, isApproved: true });
    login.settle(userId);
    return login;
  }

  /** Who approves the login of this secret, as soon as somebody does; undefined where there is no such login. */
  approval(secret: string): Pick<Begun, 'code' | 'description' | 'approval'> | undefined {
    return this.bySecret(secret);
  }

  /** As long as it is not called, the login of this code has a client that waits. */
  await(code: string): () => void {
    this.awaited.set(code, (this.awaited.get(code) ?? 0) + 1);
    return () => {
      const others = (this.awaited.get(code) ?? 1) - 1;
      if (others > 0) this.awaited.set(code, others);
      else this.awaited.delete(code);
    };
  }

  /** True for the first who comes for it; there is no such login any more. */
  take(secret: string): boolean {
    const login = this.bySecret(secret);
    if (!login) return false;
    this.begun.delete(login.code);
    login.forget();
    return true;
  }

  /** Nobody will approve any more. */
  close(): void {
    for (const { forget } of this.begun.values()) forget();
  }

  /** A client waits as soon as it has begun: who begins many and waits for none keeps nobody else out. */
  private dropOneUnawaited(): boolean {
    const oldest = [...this.begun.values()].find(({ code }) => !this.awaited.has(code));
    if (!oldest) return false;
    this.begun.delete(oldest.code);
    oldest.forget();
    return true;
  }

  private waiting(code: string): Begun {
    const letters = code.toUpperCase().replaceAll(/[^A-Z]/g, '');
    const login = this.begun.get(`${letters.slice(0, 4)}-${letters.slice(4)}`);
    if (login?.isApproved === false) return login;
    throw notFound(
      'login',
      'No login waits under this code: it was approved, is older than nine minutes, or tfkd was started anew.',
      'Begin another: heroku login',
    );
  }

  private bySecret(secret: string): Begun | undefined {
    return [...this.begun.values()].find((login) => login.secret === secret);
  }

  private newCode(): string {
    const four = (): string => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    for (;;) {
      const code = `${four()}-${four()}`;
      if (!this.begun.has(code)) return code;
    }
  }
}
