import type { Entrance } from './context.js';
import type { CheckedRequest } from './request-checks.js';

export interface Arrival {
  readonly requestId: string;
  readonly clientAddress: string;
  readonly entrance: Entrance;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The value of X-Forwarded-For: what the client said, and then who the client is. */
export function forwardedFor(request: CheckedRequest, clientAddress: string): string {
  return request.forwardedFor === '' ? clientAddress : `${request.forwardedFor}, ${clientAddress}`;
}

/** Adds what the router says to the fields that pass on. Takes the request's own list: it is built once for one use. */
export function backendHeaders(request: CheckedRequest, arrival: Arrival): string[] {
  const { headers } = request;
  if (typeof request.body === 'number') headers.push('Content-Length', String(request.body));
  headers.push(
    'Host',
    request.host,
    'X-Forwarded-For',
    forwardedFor(request, arrival.clientAddress),
    'X-Forwarded-Proto',
    arrival.entrance.protocol,
    'X-Forwarded-Port',
    arrival.entrance.port,
    'X-Request-Start',
    String(arrival.at),
    'X-Request-Id',
    arrival.requestId,
    'Via',
    request.via === '' ? '1.1 tfk' : `${request.via}, 1.1 tfk`,
  );
  return headers;
}
