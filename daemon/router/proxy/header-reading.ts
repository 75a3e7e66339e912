import type { Refusal } from './refusal.js';

const MAX_HEADERS = 1_000;
const MAX_LINE = 8_192;
const REQUEST_ID = /^[A-Za-z0-9-]{20,200}$/;
/** Fifteen digits: exact as a number. */
const LENGTH = /^\d{1,15}$/;
/** Connection options that say something to the router itself. */
const OWN_OPTIONS: ReadonlySet<string> = new Set(['close', 'keep-alive', 'upgrade', 'te', 'http2-settings']);
/** Fields nobody may have stripped by naming them in Connection, nor imitate with underscores. */
const PROTECTED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'authorization',
  'cookie',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
  'x-request-start',
]);
const FRAMING: ReadonlySet<string> = new Set([
  ...PROTECTED,
  'connection',
  'upgrade',
  'expect',
  'te',
  'trailer',
]);

const BAD: Refusal = { status: 400, cause: 'bad header' };
const TOO_LARGE: Refusal = { status: 431, cause: 'header too large' };

type Reader = (reading: HeaderReading, value: string) => Refusal | undefined;
const drop: Reader = () => undefined;

/** The fields the router reads or keeps for itself; all others pass on untouched. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['host', (reading, value) => reading.once('host', value)],
  ['transfer-encoding', (reading, value) => reading.once('transferEncoding', value)],
  ['content-length', (reading, value) => (LENGTH.test(value) ? reading.once('contentLength', value) : BAD)],
  ['connection', (reading, value) => reading.nominate(value)],
  ['upgrade', (reading, value) => reading.once('upgrade', value.toLowerCase())],
  ['expect', (reading, value) => reading.expect(value)],
  ['via', (reading, value) => reading.addVia(value)],
  ['x-forwarded-for', (reading, value) => reading.addForwardedFor(value)],
  ['x-request-id', (reading, value) => reading.offerRequestId(value)],
  ['sec-websocket-key', (reading, value) => reading.keep('Sec-WebSocket-Key', 'websocketKey', value)],
  [
    'sec-websocket-version',
    (reading, value) => reading.keep('Sec-WebSocket-Version', 'websocketVersion', value),
  ],
  ['keep-alive', drop],
  ['proxy-connection', drop],
  ['proxy-authenticate', drop],
  ['proxy-authorization', drop],
  ['te', drop],
  ['trailer', drop],
  ['http2-settings', drop],
  ['forwarded', drop],
  ['x-forwarded-host', drop],
  ['x-forwarded-port', drop],
  ['x-forwarded-proto', drop],
  ['x-request-start', drop],
]);

const NO_OPTIONS: ReadonlySet<string> = new Set();

/** One pass over a request's header fields: what the router must know, what it refuses, and what it passes on. */
export class HeaderReading {
  refusal: Refusal | undefined;
  host: string | undefined;
  transferEncoding: string | undefined;
  contentLength: string | undefined;
  upgrade: string | undefined;
  websocketKey = '';
  websocketVersion = '';
  forwardedFor = '';
  via = '';
  viaCount = 0;
  requestId: string | undefined;
  expectsContinue = false;
  /** The options of Connection, in lower case. */
  nominated = NO_OPTIONS;
  private readonly passing: string[] = [];
  private hasUnderscore = false;

  constructor(private readonly raw: readonly string[]) {
    if (raw.length > MAX_HEADERS * 2) this.refusal = TOO_LARGE;
    for (let i = 0; i < raw.length && !this.refusal; i += 2)
      this.refusal = this.read(raw[i] ?? '', raw[i + 1] ?? '');
  }

  /** The fields to pass on; those the client named in Connection are left out. */
  forwardable(): string[] {
    const stripped = [...this.nominated].filter((option) => !OWN_OPTIONS.has(option));
    if (stripped.length === 0) return this.passing;
    return this.passing.filter((_, i) => !stripped.includes((this.passing[i - (i % 2)] ?? '').toLowerCase()));
  }

  /** CGI-like servers read `Content_Length` as Content-Length: such twins are refused, other underscores pass. */
  refusalOfNames(): Refusal | undefined {
    for (const option of this.nominated)
      if (PROTECTED.has(option)) return { status: 400, cause: 'bad connection' };
    if (!this.hasUnderscore) return undefined;
    const names = this.raw.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    const plain = new Set(names.filter((name) => !name.includes('_')));
    const twins = names.filter((name) => name.includes('_')).map(withoutUnderscores);
    return twins.some((name) => FRAMING.has(name) || plain.has(name)) ? BAD : undefined;
  }

  once(field: 'host' | 'transferEncoding' | 'contentLength' | 'upgrade', value: string): Refusal | undefined {
    if (this[field] !== undefined) return BAD;
    this[field] = value;
    return undefined;
  }

  keep(name: string, field: 'websocketKey' | 'websocketVersion', value: string): undefined {
    this[field] += value;
    this.passing.push(name, value);
  }

  nominate(value: string): undefined {
    if (value === 'keep-alive' || value === 'close') return;
    const options = value.toLowerCase().split(',');
    this.nominated = new Set([...this.nominated, ...options.map((option) => option.trim())]);
  }

  expect(value: string): Refusal | undefined {
    this.expectsContinue = value.toLowerCase() === '100-continue';
    return this.expectsContinue ? undefined : { status: 417, cause: 'unsupported expect header value' };
  }

  addVia(value: string): undefined {
    this.via = joined(this.via, value);
    this.viaCount += value.split(',').length;
  }

  addForwardedFor(value: string): undefined {
    this.forwardedFor = joined(this.forwardedFor, value);
  }

  offerRequestId(value: string): undefined {
    if (REQUEST_ID.test(value)) this.requestId ??= value;
  }

  private read(name: string, value: string): Refusal | undefined {
    if (name.length + value.length > MAX_LINE) return TOO_LARGE;
    const reader = READERS.get(name.toLowerCase());
    if (reader) return reader(this, value);
    if (name.includes('_')) this.hasUnderscore = true;
    this.passing.push(name, value);
    return undefined;
  }
}

const joined = (before: string, value: string): string => (before === '' ? value : `${before}, ${value}`);

function withoutUnderscores(name: string): string {
  return name.replaceAll('_', '-').replace(/^-+|-+$/g, '');
}
