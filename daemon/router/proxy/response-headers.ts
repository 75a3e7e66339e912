import { FAILURES, responseRestriction, type Failure } from './failures.js';

const MAX_FIELDS = 1_000;
const MAX_COOKIE = 8_192;
const MAX_STATUS_LINE = 8_192;
export const MAX_RESPONSE_HEADERS = 512 * 1024;

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface RelayedHead {
  /** Flat name, value list for the client. */
  readonly headers: string[];
  readonly contentLength: number | undefined;
}

/** Reads a dyno's response head: what goes to the client, or which rule it broke. */
export function relayedHead(
  status: number,
  statusText: string,
  raw: readonly Buffer[],
): RelayedHead | Failure {
  if (status < 200 || status > 999) return FAILURES.H17;
  if (statusText.length > MAX_STATUS_LINE) return responseRestriction('oversized status line');
  if (raw.length > MAX_FIELDS * 2) return responseRestriction('oversized header');
  return new ResponseReading(raw).result();
}

/** The head of a 101: the same rules, but Upgrade stays (the tunnel writes Connection itself). */
export function switchedHead(raw: readonly Buffer[], protocol: string): RelayedHead | Failure {
  const head = relayedHead(200, '', raw);
  if ('code' in head) return head;
  head.headers.push('Connection', 'Upgrade', 'Upgrade', protocol);
  return head;
}

class ResponseReading {
  private readonly headers: string[] = [];
  private nominated: string[] = [];
  private contentLength: number | undefined;
  private failure: Failure | undefined;
  private via = '';

  constructor(raw: readonly Buffer[]) {
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]?.toString('latin1') ?? '';
      const value = raw[i + 1]?.toString('latin1') ?? '';
      this.read(name, name.toLowerCase(), value);
    }
  }

  result(): RelayedHead | Failure {
    if (this.failure) return this.failure;
    this.headers.push('Via', this.via === '' ? '1.1 tfk' : `${this.via}, 1.1 tfk`);
    return { headers: this.withoutNominated(), contentLength: this.contentLength };
  }

  private read(name: string, lower: string, value: string): void {
    if (HOP_BY_HOP.has(lower)) {
      this.readHopByHop(lower, value);
      return;
    }
    if (lower === 'via') {
      this.via = this.via === '' ? value : `${this.via}, ${value}`;
      return;
    }
    if (lower === 'content-length') this.contentLength = Number(value);
    if (lower === 'set-cookie' && value.length > MAX_COOKIE)
      this.failure ??= responseRestriction('oversized cookie');
    this.headers.push(name, value);
  }

  private readHopByHop(lower: string, value: string): void {
    if (lower === 'connection')
      this.nominated.push(
        ...value
          .toLowerCase()
          .split(',')
          .map((name) => name.trim()),
      );
    // Some parsers take `chunked<TAB>` for an unknown coding and the body for endless: then a second response hides in it.
    if (lower === 'transfer-encoding' && value.toLowerCase() !== 'chunked') this.failure ??= FAILURES.H17;
  }

  private withoutNominated(): string[] {
    const stripped = this.nominated.filter(
      (name) => !['close', 'keep-alive', 'upgrade', 'content-length'].includes(name),
    );
    if (stripped.length === 0) return this.headers;
    return this.headers.filter((_, i) => !stripped.includes((this.headers[i - (i % 2)] ?? '').toLowerCase()));
  }
}
