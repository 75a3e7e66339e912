/** Where an engine may be reached. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: TlsFiles | null };

/** Paths of PEM files. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An endpoint that cannot be used as it is written; the message says why. */
export class UnusableEndpoint extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** Reads `unix://…` and `tcp://…`. Throws an UnusableEndpoint for all else. */
export function parseEndpoint(text: string, tls: TlsFiles | null): Endpoint {
  if (text.startsWith('unix://')) return { kind: 'unix', path: text.slice('unix://'.length) };
  if (text.startsWith('ssh://')) {
    throw new UnusableEndpoint(
      'tfk does not reach Docker over ssh',
      'Forward the socket, `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST`, and set DOCKER_HOST=unix:///tmp/docker.sock.',
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'tcp:' && url.hostname !== '' && ['', '/'].includes(url.pathname)) {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    return { kind: 'tcp', host, port: Number(url.port || (tls ? 2376 : 2375)), tls };
  }
  throw new UnusableEndpoint(
    'it is neither unix:///path/to/docker.sock nor tcp://host:port',
    'Set DOCKER_HOST to one of these, or unset it.',
  );
}

/** As DOCKER_HOST has it. */
export function textOf(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return `unix://${endpoint.path}`;
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `tcp://${host}:${endpoint.port}`;
}
