import { Agent, errors, request } from 'undici';
import { codeOf } from '../../shared/errors.js';

/** What came of an attempt: a status, or what kept one from coming. */
export interface Reply {
  readonly code: number | null;
  /** One word, e.g. `Timeout`; null where there is a status. */
  readonly error: string | null;
  /** How long the receiver asks us to wait. */
  readonly retryAfterMs: number | null;
}

export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

export interface Sender {
  /** Resolves in bounded time; throws only when the signal aborts. */
  post(post: Post, signal: AbortSignal): Promise<Reply>;
  close(): Promise<void>;
}

/** From the look-up of the name to the reply's status. */
const LIMIT_MS = 10_000;
/** Of a reply's body, which nobody reads: more than that closes the connection. */
const REPLY_BYTES = 16 * 1024;
const HEADER_BYTES = 16 * 1024;

const ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'ConnectionRefused',
  ECONNRESET: 'ConnectionReset',
  EPIPE: 'ConnectionReset',
  UND_ERR_SOCKET: 'ConnectionReset',
  ENOTFOUND: 'HostNotFound',
  EAI_AGAIN: 'HostNotFound',
  UND_ERR_CONNECT_TIMEOUT: 'Timeout',
  ETIMEDOUT: 'Timeout',
  UND_ERR_HEADERS_OVERFLOW: 'ReplyTooLarge',
};

/** Posts over HTTP. Redirects are not followed: they would take the signature and the authorization elsewhere. */
export class HttpSender implements Sender {
  private readonly agent: Agent;

  constructor(private readonly limitMs = LIMIT_MS) {
    this.agent = new Agent({
      connect: { timeout: limitMs },
      maxHeaderSize: HEADER_BYTES,
      keepAliveTimeout: 4_000,
    });
  }

  async post({ url, body, headers }: Post, signal: AbortSignal): Promise<Reply> {
    const attempt = new AbortController();
    const breakOff = (): void => attempt.abort();
    const timer = setTimeout(breakOff, this.limitMs);
    signal.addEventListener('abort', breakOff, { once: true });
    try {
      signal.throwIfAborted();
      return await this.exchange({ url, body, headers }, attempt.signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return {
        code: null,
        error: attempt.signal.aborted ? 'Timeout' : errorClass(error),
        retryAfterMs: null,
      };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', breakOff);
    }
  }

  /** The status is what counts: a body that never ends does not make a success a failure. */
  private async exchange({ url, body, headers }: Post, signal: AbortSignal): Promise<Reply> {
    const dispatcher = this.agent;
    const response = await request(url, { method: 'POST', body, headers, signal, dispatcher });
    await response.body.dump({ limit: REPLY_BYTES, signal }).catch(() => undefined);
    const retryAfter = [response.headers['retry-after']].flat()[0];
    return { code: response.statusCode, error: null, retryAfterMs: retryAfterMs(retryAfter, Date.now()) };
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

function errorClass(error: unknown): string {
  if (error instanceof errors.HTTPParserError) return 'InvalidReply';
  const code = codeOf(error) ?? '';
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return 'TlsError';
  return ERRORS[code] ?? 'ConnectionFailed';
}

/** Seconds or a date (RFC 9110 §10.2.3). */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
