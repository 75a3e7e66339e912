import type { FastifyRequest } from 'fastify';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import type { AttachPoints } from './attach-points.js';
import type { Logins } from './logins.js';
import type { Attachable, Services } from './services.js';

/** What every route file is handed. */
export interface Context {
  readonly services: Services;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly attachPoints: AttachPoints;
  /** Of all ways in together: begun over TCP, approved through the unix socket. */
  readonly logins: Logins;
  /** Aborts when the server closes: streams end then. */
  readonly closing: AbortSignal;
  /**
   * What absolute addresses in replies begin with: `http://127.0.0.1:4270` as the client called us, or nothing over the unix
   * socket, whose clients request the path.
   */
  readonly baseUrl: (request: FastifyRequest) => string;
  /** Where the client connects to a process: by rendezvous as Heroku's do, or by our own protocol where it speaks that. */
  readonly attachUrl: (request: FastifyRequest, attachable: Attachable) => string;
  /** The e-mail address of who acts: the user whose token this is, or over the unix socket the account. */
  readonly actor: (request: FastifyRequest) => string;
  /** For lists: may the requester see what belongs to the app of this id? */
  readonly visible: (request: FastifyRequest) => (appId: string) => boolean;
}
