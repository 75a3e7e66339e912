import type { Entrance } from './context.js';
import { parseAuthority, type Authority } from './host.js';
import type { Refusal } from './refusal.js';

export interface Target {
  /** Origin form, or `*`. */
  readonly path: string;
  /** Of an absolute-form target. */
  readonly authority: Authority | undefined;
}

const MAX_LENGTH = 8_192;
/** Visible ASCII without `#`: a fragment never belongs on the wire, and 8-bit bytes are read differently by everyone. */
const CLEAN = /^[\x21\x22\x24-\x7e]+$/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)(.*)$/;

/** Reads a request target without `new URL`, which would take `//host/x` for another host. */
export function readTarget(method: string, url: string, protocol: Entrance['protocol']): Target | Refusal {
  if (url.length > MAX_LENGTH) return { status: 414, cause: 'target too long' };
  if (!CLEAN.test(url)) return { status: 400, cause: 'bad target' };
  if (url.startsWith('/')) return { path: url, authority: undefined };
  if (url === '*') {
    return method === 'OPTIONS' ? { path: '*', authority: undefined } : { status: 400, cause: 'bad target' };
  }
  return absoluteTarget(url, protocol);
}

function absoluteTarget(url: string, protocol: Entrance['protocol']): Target | Refusal {
  const [, scheme, written, rest] = ABSOLUTE.exec(url) ?? [];
  if (scheme === undefined || written === undefined || rest === undefined) {
    return { status: 400, cause: 'bad target' };
  }
  const meant = scheme.toLowerCase();
  const authority = parseAuthority(written);
  if ((meant === 'http' || meant === 'https') && meant !== protocol)
    return { status: 421, cause: `${meant} on the ${protocol} port` };
  if (meant !== protocol || !authority) return { status: 400, cause: 'bad target' };
  return { path: rest.startsWith('/') ? rest : `/${rest}`, authority };
}
