import type { IncomingMessage } from 'node:http';
import { TfkError } from '../shared/errors.js';

const LOCAL_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * What keeps web pages in the user's browser away from the TCP port: a name that was rebound to this machine is not one of
 * ours (421), and a page of any other origin says so itself (403). Loopback alone proves nothing.
 */
export function guardAgainstBrowsers(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url'>,
  hosts: ReadonlySet<string>,
): void {
  if (request.url?.startsWith('/') !== true) {
    throw new TfkError('bad_request', 'The request names a path, not a whole address.');
  }
  assertOnce(request, 'host');
  assertOnce(request, 'authorization');
  const host = hostName(request.headers.host ?? '');
  if (!LOCAL_HOSTS.has(host) && !hosts.has(host)) {
    throw new TfkError('misdirected_request', 'This server does not answer under that host name.', {
      hint: 'Call it as http://127.0.0.1:PORT.',
    });
  }
  const site = request.headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (request.headers.origin !== undefined || foreignSite) {
    throw new TfkError('forbidden', 'Requests of web pages are not answered.');
  }
}

/** Two of them could be read in two ways. */
function assertOnce(request: Pick<IncomingMessage, 'rawHeaders'>, name: string): void {
  const times = request.rawHeaders.filter(
    (text, index) => index % 2 === 0 && text.toLowerCase() === name,
  ).length;
  if (times > 1) throw new TfkError('bad_request', `The request has more than one ${name} header.`);
}

/** `LOCALHOST:4270` → `localhost`; an IPv6 address keeps its brackets. */
function hostName(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::[0-9]{1,5})?$/.exec(host.toLowerCase())?.[1] ?? '';
}
