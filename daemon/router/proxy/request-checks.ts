import type { Entrance } from './context.js';
import { HeaderReading } from './header-reading.js';
import { parseAuthority, type Authority } from './host.js';
import type { Refusal } from './refusal.js';
import { readTarget, type Target } from './request-target.js';

/** A request's head as Node's parser hands it over. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
}

export interface CheckedRequest {
  readonly method: string;
  /** In origin form, byte for byte as the client sent it; `*` only for OPTIONS. */
  readonly path: string;
  /** The normalised name to look an app up by; empty when an HTTP/1.0 client named none. */
  readonly hostname: string;
  /** The Host header as sent. */
  readonly host: string;
  /** Flat name, value list of what may pass on: hop-by-hop, nominated and router-owned fields are gone. */
  readonly headers: string[];
  readonly body: 'none' | 'chunked' | number;
  /** The client's own X-Forwarded-For, empty when none. */
  readonly forwardedFor: string;
  readonly via: string;
  /** The client's X-Request-Id, if it is well formed. */
  readonly requestId: string | undefined;
  /** The one protocol to upgrade to, in lower case; h2c is never among them. */
  readonly upgrade: string | undefined;
  readonly expectsContinue: boolean;
}

const MAX_VIA = 10;
const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/;

export function isRefusal(checked: CheckedRequest | Refusal): checked is Refusal {
  return 'status' in checked;
}

/**
 * Refuses what two HTTP implementations could read in two ways (RFC 9112), and reads the rest once. The parser before it has
 * refused malformed syntax already; what is checked here is what it lets pass.
 */
export function checkRequest(
  head: RequestHead,
  protocol: Entrance['protocol'] = 'http',
): CheckedRequest | Refusal {
  const refused = refusalOfLine(head);
  if (refused) return refused;
  const reading = new HeaderReading(head.rawHeaders);
  const target = readTarget(head.method, head.url, protocol);
  if ('status' in target) return target;
  return reading.refusal ?? refusalOfHeaders(head, reading) ?? combine(head, reading, target, protocol);
}

function refusalOfLine({ method, httpVersion }: RequestHead): Refusal | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return { status: 505, cause: 'unsupported version' };
  if (method === 'TRACE' || method === 'CONNECT') return { status: 405, cause: 'method not allowed' };
  return undefined;
}

function refusalOfHeaders(head: RequestHead, reading: HeaderReading): Refusal | undefined {
  if (reading.host === undefined && head.httpVersion === '1.1') return { status: 400, cause: 'missing host' };
  if (reading.viaCount >= MAX_VIA) return { status: 508, cause: 'loop detected' };
  return refusalOfFraming(head, reading) ?? reading.refusalOfNames() ?? refusalOfUpgrade(head, reading);
}

function refusalOfFraming(head: RequestHead, reading: HeaderReading): Refusal | undefined {
  const { transferEncoding, contentLength } = reading;
  if (transferEncoding === undefined) return undefined;
  if (head.httpVersion === '1.0' || contentLength !== undefined) return { status: 400, cause: 'bad header' };
  if (transferEncoding.toLowerCase() === 'chunked') return undefined;
  const codings = transferEncoding.split(',').map((coding) => coding.trim().toLowerCase());
  const unknown = codings.length > 1 && codings.at(-1) === 'chunked' && !codings.includes('');
  return unknown && !codings.slice(0, -1).includes('chunked')
    ? { status: 501, cause: 'unsupported transfer coding' }
    : { status: 400, cause: 'bad header' };
}

function refusalOfUpgrade(head: RequestHead, reading: HeaderReading): Refusal | undefined {
  if (reading.upgrade !== 'websocket' || !reading.nominated.has('upgrade')) return undefined;
  const wellFormed =
    head.method === 'GET' &&
    head.httpVersion === '1.1' &&
    reading.websocketVersion === '13' &&
    WEBSOCKET_KEY.test(reading.websocketKey) &&
    !hasBody(reading);
  return wellFormed ? undefined : { status: 400, cause: 'bad upgrade' };
}

function bodyOf(reading: HeaderReading): CheckedRequest['body'] {
  if (reading.transferEncoding !== undefined) return 'chunked';
  return reading.contentLength === undefined ? 'none' : Number(reading.contentLength);
}

function hasBody(reading: HeaderReading): boolean {
  const body = bodyOf(reading);
  return body === 'chunked' || (body !== 'none' && body > 0);
}

function upgradeOf(head: RequestHead, reading: HeaderReading): string | undefined {
  const { upgrade } = reading;
  if (upgrade === undefined || upgrade === 'h2c' || upgrade.includes(',')) return undefined;
  const passes = head.httpVersion === '1.1' && reading.nominated.has('upgrade') && !hasBody(reading);
  return passes ? upgrade : undefined;
}

const DEFAULT_PORTS = { http: '80', https: '443' } as const;

function combine(
  head: RequestHead,
  reading: HeaderReading,
  target: Target,
  protocol: Entrance['protocol'],
): CheckedRequest | Refusal {
  const written = reading.host === undefined ? undefined : parseAuthority(reading.host);
  if (reading.host !== undefined && !written) return { status: 400, cause: 'bad host' };
  const { authority } = target;
  const portOf = ({ port }: Authority): string => (port === '' ? DEFAULT_PORTS[protocol] : port);
  if (authority && written && (authority.name !== written.name || portOf(authority) !== portOf(written)))
    return { status: 400, cause: 'host differs from target' };
  return {
    method: head.method,
    path: target.path,
    hostname: written?.name ?? authority?.name ?? '',
    host: reading.host ?? '',
    headers: reading.forwardable(),
    body: bodyOf(reading),
    forwardedFor: reading.forwardedFor,
    via: reading.via,
    requestId: reading.requestId,
    upgrade: upgradeOf(head, reading),
    expectsContinue: reading.expectsContinue,
  };
}
