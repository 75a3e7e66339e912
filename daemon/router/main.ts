import { mkdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../shared/clock.js';
import { codeOf, messageOf } from '../shared/errors.js';
import { createLogger } from '../shared/logger.js';
import { readConfig, type RouterConfig } from './config.js';
import { logFolder } from './control/access-log.js';
import { certificateKey } from './control/certificates.js';
import { routerPlaces } from './control/places.js';
import { EXIT, type StartReport } from './control/start-report.js';
import { CertificateFile } from './holder/certificate-file.js';
import { AlreadyRunning, listenExclusively } from './holder/control-socket.js';
import { Holder } from './holder/holder.js';
import { bindAll, BindError, type BoundSocket } from './holder/listeners.js';
import { TableFile } from './holder/table-file.js';
import { Workers } from './holder/workers.js';

/**
 * The router's holder: keeps the listening sockets and never accepts on them, so that no crash, restart or upgrade of a
 * worker refuses a connection. It outlives the control plane.
 */
async function run(config: RouterConfig): Promise<void> {
  const places = routerPlaces(config.home);
  await mkdir(logFolder(config.home), { recursive: true, mode: 0o700 });
  const door = new Door();
  await listenExclusively(door.server, places.socket);
  try {
    door.open(await start(config, () => void end(places.socket)));
  } catch (error) {
    await rm(places.socket, { force: true });
    throw error;
  }
}

async function start(config: RouterConfig, onShutdown: () => void): Promise<Holder> {
  const logger = createLogger(config.logLevel, 'router');
  const places = routerPlaces(config.home);
  const sockets = bindAll(config.addresses, config.port);
  const tlsSockets = bindTls(config);
  const port = sockets[0]?.port ?? config.port;
  const tlsPort = tlsSockets[0]?.port ?? null;
  const tableFile = new TableFile(places.table, logger);
  const table = await tableFile.load();
  const certificateFile = new CertificateFile(places.certificates, logger);
  const program = fileURLToPath(new URL('worker.js', import.meta.url));
  const workers = new Workers(
    {
      config,
      program,
      sockets,
      tlsSockets,
      certificateKey: await readCertificateKey(config.home),
      clock: systemClock,
      logger,
    },
    table,
    await certificateFile.load(),
  );
  await startWorkers(workers, sockets);
  const { version } = config;
  const holder = new Holder({
    workers,
    tableFile,
    table,
    certificateFile,
    port,
    tlsPort,
    version,
    startedAt: Date.now(),
    logger,
    onShutdown,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void workers.stop().then(onShutdown));
  logger.info(
    { port, tlsPort, addresses: sockets.map(({ host }) => host), table: table.version },
    'the router is ready',
  );
  return holder;
}

function bindTls({ addresses, tlsPort, tlsPortMayDiffer }: RouterConfig): BoundSocket[] {
  if (tlsPort === null) return [];
  try {
    return bindAll(addresses, tlsPort);
  } catch (error) {
    if (!tlsPortMayDiffer || !(error instanceof BindError)) throw error;
    return bindAll(addresses, 0);
  }
}

/** Base64; null where this home has no key, and so no certificates. tfkd made it before it started the router. */
async function readCertificateKey(home: string): Promise<string | null> {
  try {
    return certificateKey(await readFile(join(home, 'secret.key'))).toString('base64');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Two sockets can be bound to one port as long as neither listens: then the port shows as taken only here. */
async function startWorkers(workers: Workers, sockets: readonly BoundSocket[]): Promise<void> {
  try {
    await workers.start();
  } catch (error) {
    await workers.stop();
    const [first] = sockets;
    if (first && codeOf(error) === 'EADDRINUSE') throw new BindError('EADDRINUSE', first.host, first.port);
    throw error;
  }
}

async function end(socketPath: string): Promise<void> {
  await rm(socketPath, { force: true });
  process.exit(0);
}

/** The control socket is taken before anything else, so that one home has one router; who calls early waits. */
class Door {
  readonly server: Server;
  private holder: Holder | undefined;
  private early: Socket[] = [];

  constructor() {
    this.server = createServer((socket) => (this.holder ? this.holder.converse(socket) : this.hold(socket)));
  }

  open(holder: Holder): void {
    this.holder = holder;
    for (const socket of this.early) holder.converse(socket);
    this.early = [];
  }

  private hold(socket: Socket): void {
    socket.on('error', () => undefined);
    this.early.push(socket);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof AlreadyRunning) return EXIT.alreadyRunning;
  return error instanceof BindError && error.code === 'EADDRINUSE' ? EXIT.portTaken : EXIT.failed;
}

function report(message: StartReport): void {
  if (!process.connected) return;
  process.send?.(message, () => process.disconnect());
}

async function main(): Promise<void> {
  try {
    await run(readConfig(process.argv.slice(2)));
    report({ type: 'ready' });
  } catch (error) {
    const message = messageOf(error);
    process.stderr.write(`tfk router: ${message}\n`);
    const exitCode = exitCodeOf(error);
    report({ type: 'failed', message, exitCode });
    process.exitCode = exitCode;
    setTimeout(() => process.exit(exitCode), 50);
  }
}

await main();
