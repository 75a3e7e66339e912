import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';

/** Where tfkd listens, and what a request to it needs. */
export interface Endpoint {
  /** For messages: the socket's path or the URL. */
  readonly name: string;
  readonly options: Pick<RequestOptions, 'socketPath' | 'host' | 'port' | 'headers'>;
  readonly secure: boolean;
}

export type Send = (options: RequestOptions, answered: (reply: IncomingMessage) => void) => ClientRequest;

/** What sends requests to one endpoint, over kept connections. */
export interface Transport {
  readonly send: Send;
  readonly agent: Agent;
}

/** The home's socket needs no token; TCP always does. */
export function endpointOf(config: Pick<Config, 'home' | 'remote'>): Endpoint {
  if (config.remote === null) {
    const socketPath = join(config.home, 'tfkd.sock');
    return { name: socketPath, options: { socketPath, headers: { host: 'localhost' } }, secure: false };
  }
  const url = parsed(config.remote.url);
  const secure = url.protocol === 'https:';
  return {
    name: url.origin,
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      headers: { host: url.host, authorization: `Bearer ${config.remote.token}` },
    },
    secure,
  };
}

/** Node's TLS is loaded only where it is spoken. */
export async function transportTo(endpoint: Endpoint): Promise<Transport> {
  const { Agent, request } = endpoint.secure ? await import('node:https') : await import('node:http');
  return { send: request, agent: new Agent({ keepAlive: true, maxSockets: 8 }) };
}

function parsed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new UserError(`TFK_URL is ${text}, which is no http:// or https:// address.`, {
    hint: 'Type: export TFK_URL=http://127.0.0.1:4270, or unset it to use the tfkd of this machine.',
    exitCode: 2,
  });
}
