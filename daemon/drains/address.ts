import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { TfkError } from '../shared/errors.js';

export type DrainScheme = 'syslog' | 'syslog+tls' | 'http' | 'https';

/** Where a drain's lines go. */
export interface DrainAddress {
  readonly scheme: DrainScheme;
  /** As it is connected to: an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** With its query; `/` for syslog. */
  readonly path: string;
  /** Sent as basic authorization. */
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

/** Where none is named: RFC 3195 §9.2 (601, as Logplex does), RFC 5425 §4.1, RFC 9110 §4.2. */
const DEFAULT_PORTS: Readonly<Record<DrainScheme, number>> = {
  syslog: 601,
  'syslog+tls': 6514,
  http: 80,
  https: 443,
};
const LONGEST_URL = 2_000;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/;

/** Any host is taken, also of this machine and its networks: that is where a receiver of one's own is. */
export function parseDrainUrl(text: string): DrainAddress {
  if (text.length > LONGEST_URL || /[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) throw refused();
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  if (!isScheme(scheme)) throw refused();
  const host = hostOf(url);
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  if (host === null || port === 0) throw refused();
  if (scheme.startsWith('syslog')) {
    assertNothingBesides(url);
    return { scheme, host, port, path: '/', credentials: null };
  }
  return { scheme, host, port, path: `${url.pathname}${url.search}`, credentials: credentialsOf(url) };
}

/** `https://ada:****@logs.example.com/x?key=****`: for people to read, and for messages. */
export function maskedUrl(text: string): string {
  const url = new URL(text);
  const { host, pathname, search, hash } = url;
  const user = url.password === '' ? '****' : `${url.username}:****`;
  const userinfo = url.username === '' && url.password === '' ? '' : `${user}@`;
  const query = search.replaceAll(/([?&][^=&]*=)[^&]+|([?&])[^=&]+(?=&|$)/g, '$1$2****');
  const path = pathname === '/' && !text.replace(/[?#].*$/, '').endsWith('/') ? '' : pathname;
  return `${url.protocol}//${userinfo}${host}${path}${query}${hash === '' ? '' : '#****'}`;
}

/** `https://logs.example.com/****`: for who may not know secrets. Many a service has its token in the path. */
export function placeOf(text: string): string {
  const { protocol, host, username, password, pathname, search, hash } = new URL(text);
  const isBare = username + password + search + hash === '' && ['', '/'].includes(pathname);
  return `${protocol}//${host}${isBare ? '' : '/****'}`;
}

/** `syslog+tls://logs.example.com:6514`, which holds no secret. */
export function originOf({ scheme, host, port }: DrainAddress): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Two URLs with the same key lead to the same place. */
export function addressKey(address: DrainAddress): string {
  const { user, password } = address.credentials ?? { user: '', password: '' };
  return JSON.stringify([originOf(address), address.path, user, password]);
}

/** Id, token or URL, which may be written as `maskedUrl` shows it. */
export function isNamedBy(
  drain: { readonly id: string; readonly token: string; readonly url: string },
  given: string,
): boolean {
  if ([drain.id, drain.token, drain.url, maskedUrl(drain.url)].includes(given)) return true;
  try {
    return addressKey(parseDrainUrl(given)) === addressKey(parseDrainUrl(drain.url));
  } catch {
    return false;
  }
}

const isScheme = (scheme: string): scheme is DrainScheme => Object.hasOwn(DEFAULT_PORTS, scheme);

/** `URL` reads host names only for the schemes it knows: for the others a name is taken as it stands. */
function hostOf({ hostname }: URL): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return bare;
  const ascii = domainToASCII(decoded(hostname) ?? '').toLowerCase();
  return HOST_NAME.test(ascii) ? ascii : null;
}

function credentialsOf({ username, password }: URL): DrainAddress['credentials'] {
  if (username === '' && password === '') return null;
  const [user, secret] = [decoded(username), decoded(password)];
  // RFC 7617 §2: the colon parts the two.
  if (user === null || secret === null || user.includes(':')) throw refused();
  return { user, password: secret };
}

function assertNothingBesides({ username, password, pathname, search, hash }: URL): void {
  if (username + password + search + hash === '' && ['', '/'].includes(pathname)) return;
  throw new TfkError(
    'invalid_params',
    'The url of a syslog drain is a host and a port, nothing besides. Nothing was changed.',
    { hint: 'Write it like syslog+tls://logs.example.com:6514.' },
  );
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Does not repeat what was given: there may be a password in it. */
const refused = (): TfkError =>
  new TfkError('invalid_params', 'The url is not the address of a log drain. Nothing was changed.', {
    hint: 'Write it like syslog+tls://logs.example.com:6514, syslog://localhost:5514 or https://user:password@logs.example.com/path.',
  });
