import type { Config } from '../config.js';
import { Logins } from '../http/logins.js';
import { buildServer } from '../http/server.js';
import type { Services } from '../http/services.js';
import type { Acting } from '../shared/acting.js';
import type { Home } from './home.js';
import { listenApi, type Api } from './listen.js';
import type { RouterStage } from './router-stage.js';
import { announce } from './run-files.js';

/** Under which clients call the API; 127.0.0.1 is where it listens. */
const API_HOSTS = ['127.0.0.1', '::1', 'localhost'];

interface Parts {
  readonly config: Config;
  readonly home: Home;
  readonly router: RouterStage;
  readonly acting: Acting;
  readonly startedAt: number;
  /** The port is known: told before anybody is let in. */
  readonly listens: (port: number) => void;
}

/** Lets clients in, and says where. */
export function openDoors(
  services: Services,
  { config, home, router, acting, startedAt, listens }: Parts,
): Promise<Api> {
  const { clock, logger, authority, socket } = home;
  const logins = new Logins(clock);
  return listenApi({
    socket,
    port: config.apiPort,
    clock,
    build: (trusted) =>
      buildServer(services, {
        trusted,
        clock,
        logger,
        acting,
        logins,
        hourlyLimit: config.apiRateLimit,
        certificate: () => authority.certificateFor(API_HOSTS),
      }).app,
    announce: (port) => {
      listens(port);
      return announce(config.home, {
        pid: process.pid,
        startedAt: new Date(startedAt).toISOString(),
        version: config.version,
        apiPort: port,
        routerPort: router.port(),
        routerTlsPort: router.status().tlsPort ?? null,
        socket,
      });
    },
  });
}
