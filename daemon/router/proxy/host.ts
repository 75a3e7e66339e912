import { isIPv6 } from 'node:net';

export interface Authority {
  /** Lower case, without the dot at its end; an IPv6 address keeps its brackets. */
  readonly name: string;
  /** Empty when none was given. */
  readonly port: string;
}

const MAX_LENGTH = 255;
const SHAPE = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{0,5}))?$/;

/** The value of a Host header or the authority of an absolute target; undefined when it can be read in two ways. */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length === 0 || text.length > MAX_LENGTH) return undefined;
  const match = SHAPE.exec(text);
  const host = match?.[1];
  if (host === undefined) return undefined;
  const port = match?.[2] ?? '';
  if (port !== '' && Number(port) > 65_535) return undefined;
  if (host.startsWith('[')) return isIPv6(host.slice(1, -1)) ? { name: host.toLowerCase(), port } : undefined;
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
  return name === '' || name.endsWith('.') ? undefined : { name, port };
}

/** Finds by host: the exact name first, then the longest wildcard (`*.example.com` is for one or more labels). */
export class HostMap<T> {
  private readonly exact = new Map<string, T>();
  private readonly bySuffix = new Map<string, T>();

  add(host: string, value: T): void {
    const name = host.toLowerCase();
    if (name.startsWith('*.')) this.bySuffix.set(name.slice(1), value);
    else this.exact.set(name, value);
  }

  find(name: string): T | undefined {
    const found = this.exact.get(name);
    if (found !== undefined || this.bySuffix.size === 0) return found;
    for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
      const value = this.bySuffix.get(name.slice(dot));
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
