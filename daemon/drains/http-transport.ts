import { isIP } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import { originOf } from './address.js';
import type { Batch } from './batch.js';
import { outcomeOfError, outcomeOfStatus, type Outcome } from './outcome.js';
import { withinTime } from './time-limit.js';
import type { Transport, TransportOptions } from './transport.js';

/** What is read of an answer, so that its connection can be used again; beyond that the connection is cut. */
const ANSWER_BYTES = 16 * 1024;
const ANSWER_BODY_MS = 2_000;
/** Below what servers usually allow an idle connection, so that it is rarely closed under a request. */
const IDLE_MS = 4_000;

/** One POST a batch, over one connection that is kept; redirects are not followed. */
export class HttpTransport implements Transport {
  readonly framing = 'http';
  readonly confirms = true;
  private readonly client: Client;

  constructor(private readonly options: TransportOptions) {
    const { address, limits, trust } = options;
    const tls =
      address.scheme === 'https'
        ? { secureContext: trust(), ...(isIP(address.host) === 0 ? { servername: address.host } : {}) }
        : {};
    this.client = new Client(originOf(address), {
      connect: { timeout: limits.connectMs, ...tls },
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // One clock watches the whole of a request: undici's own would not see a receiver that reads a byte a minute.
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
    });
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const { connectMs, answerMs } = this.options.limits;
    try {
      const { statusCode, body } = await withinTime(
        { signal, ms: connectMs + answerMs, what: 'it did not answer' },
        (within) => this.client.request({ ...this.requestOf(batch), signal: within }),
      );
      await skip(body);
      return outcomeOfStatus(statusCode);
    } catch (error) {
      return outcomeOfError(error);
    }
  }

  brokenAt(): null {
    return null;
  }

  close(): void {
    void this.client.destroy().catch(() => undefined);
  }

  private requestOf(batch: Batch): Dispatcher.RequestOptions {
    const { address, token, userAgent } = this.options;
    return {
      method: 'POST',
      path: address.path,
      headers: {
        ...authorization(address.credentials),
        'Content-Type': 'application/logplex-1',
        'Logplex-Msg-Count': String(batch.messages),
        'Logplex-Frame-Id': batch.frameId,
        'Logplex-Drain-Token': token,
        'User-Agent': userAgent,
      },
      body: batch.body,
    };
  }
}

function authorization(credentials: TransportOptions['address']['credentials']): Record<string, string> {
  if (!credentials) return {};
  const pair = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
  return { Authorization: `Basic ${pair}` };
}

/** The status has said it all: how the body ends changes nothing. */
async function skip(body: Dispatcher.ResponseData['body']): Promise<void> {
  await body
    .dump({ limit: ANSWER_BYTES, signal: AbortSignal.timeout(ANSWER_BODY_MS) })
    .catch(() => undefined);
}
