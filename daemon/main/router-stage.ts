import { join } from 'node:path';
import type { Config } from '../config.js';
import { RouterLines } from '../logs/router-lines.js';
import { RouterControl } from '../router/control/client.js';
import { routerPlaces } from '../router/control/places.js';
import type { RouterStatus } from '../router/control/protocol.js';
import { startRouter } from '../router/control/spawn.js';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import { authorityOf, createCertificates } from './certificates.js';
import type { Home } from './home.js';

interface RouterProcess {
  readonly control: RouterControl;
  /** As it last answered: its ports, its workers. */
  readonly status: () => RouterStatus;
}

export interface RouterStage extends RouterProcess, ReturnType<typeof createCertificates> {
  /** Where apps answer. */
  readonly port: () => number;
  /** What it writes of requests, on its way into the apps' logs. */
  readonly lines: RouterLines;
}

/** The router, the certificates that it is given, and the lines that it gives. */
export async function startRouterStage(config: Config, home: Home): Promise<RouterStage> {
  const { store, logs, clock, logger, authority, key } = home;
  const { control, status } = await startProcess(config, clock, logger);
  const certificates = createCertificates({
    store,
    clock,
    logger,
    authority: authorityOf(authority),
    homeKey: key,
    certify: (set) => control.certify(set),
  });
  control.onReconnect(() => certificates.publisher.forget());
  const lines = new RouterLines({
    folder: join(config.home, 'router', 'log'),
    logs,
    isApp: (appId) => store.apps.find(appId) !== undefined,
    clock,
    logger,
  });
  return { control, status, ...certificates, port: () => status().port, lines };
}

/** Starts the router, a process of its own, or finds the one that an earlier tfkd left; resolves when it answers. */
async function startProcess(config: Config, clock: Clock, logger: Logger): Promise<RouterProcess> {
  // Port 0 takes a free one once: a router that is revived keeps its address.
  let port = config.routerPort;
  let tls = config.routerTls;
  const revive = () =>
    startRouter({
      nodePath: config.nodePath,
      program: config.programs.router,
      home: config.home,
      port,
      tlsPort: tls?.port ?? null,
      tlsPortMayDiffer: tls?.mayDiffer ?? false,
      workers: config.routerWorkers,
      logLevel: config.logLevel,
      version: config.version,
    });
  await revive();
  const control = new RouterControl({ socketPath: routerPlaces(config.home).socket, logger, clock, revive });
  let status = await control.connect();
  port = status.port;
  if (status.tlsPort != null) tls = { port: status.tlsPort, mayDiffer: false };
  if (tls && status.tlsPort === undefined)
    logger.warn('the router is of an older tfk and speaks no TLS until `tfk daemon stop` and a start');
  control.onReconnect(() => {
    void control.status().then(
      (now) => (status = now),
      () => undefined,
    );
  });
  return { control, status: () => status };
}
