import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.js';
import type { Answer } from '../servers/host.js';
import type { ServerFolder } from '../servers/place.js';
import { isFree, isReachedOn } from '../servers/ports.js';
import {
  portTaken,
  spawnServer,
  untilReady,
  within,
  writeForServer,
  type Ended,
  type ProcessServer,
  type ReadyRequest,
  type StartRequest,
} from '../servers/process-server.js';
import { processesBeginning, sendSignal } from '../servers/processes.js';
import { startFailure } from '../servers/start-failure.js';
import type { Binaries } from './binaries.js';
import type { Credentials } from './credentials.js';
import { answerOf } from './login.js';
import { maxMemoryOf } from './plans.js';
import { reasonIn } from './reason.js';
import { addressesIn, areAlike, serverConf, titleOf } from './settings.js';

const PRODUCT = 'Redis';
const LOG_FILE_BYTES = 8 * 1024 ** 2;
/** With much data and a slow disk, the last second's writes take their time. */
const FAST_STOP_LIMIT_MS = 60_000;
const KILL_LIMIT_MS = 15_000;

/** The server of one data folder, found again by the name under which it runs. */
export class RedisServer implements ProcessServer<Credentials, Binaries> {
  private readonly title: string;

  constructor(
    private readonly folder: ServerFolder,
    private readonly clock: Clock,
  ) {
    this.title = titleOf(folder.data);
  }

  async pid(): Promise<number | undefined> {
    return (await processesBeginning(this.title))[0];
  }

  answerOf(credentials: Credentials, host?: string): Promise<Answer> {
    return answerOf(credentials, host);
  }

  /** One that listens where nobody needs it any more is left alone. */
  async isSetFor(request: ReadyRequest<Credentials>): Promise<boolean> {
    const conf = await readFile(this.folder.conf, 'utf8').catch(() => '');
    return areAlike(conf, this.confFor(request)) && isReachedOn(request.addresses, addressesIn(conf));
  }

  /** It takes its port before it reads its data: of two at once, one ends without having touched any. */
  async start(request: StartRequest<Credentials, Binaries>): Promise<void> {
    const { name, credentials, addresses, binaries, owner } = request;
    if (!(await isFree(credentials.port, addresses))) throw portTaken(PRODUCT, name, credentials.port);
    await writeForServer(this.folder.conf, this.confFor(request), owner);
    const ended = await spawnServer({
      path: binaries.server,
      title: this.title,
      argv: [this.folder.conf],
      output: this.folder.startLog,
      owner,
    });
    await this.untilReady(request, ended);
  }

  /** For its next start; where it listens stays as it is. */
  async rewriteConf({
    owner,
    ...request
  }: Omit<StartRequest<Credentials, Binaries>, 'addresses' | 'binaries'>): Promise<void> {
    const addresses = addressesIn(await readFile(this.folder.conf, 'utf8'));
    await writeForServer(this.folder.conf, this.confFor({ ...request, addresses }), owner);
  }

  async waitUntilReady(request: ReadyRequest<Credentials>): Promise<void> {
    await this.untilReady(request);
  }

  /** Fast: all writes are on the disk. */
  async stop(how: 'fast' | 'immediate'): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined) return;
    if (how === 'fast') {
      sendSignal(pid, 'SIGTERM');
      if (await this.isGone(FAST_STOP_LIMIT_MS)) return;
    }
    sendSignal(pid, 'SIGKILL');
    await this.isGone(KILL_LIMIT_MS);
  }

  /** The server opens its log anew for each line. */
  async trimLog(): Promise<void> {
    const { size } = await stat(this.logFile).catch(() => ({ size: 0 }));
    // A name that sorts before: the newest is the last.
    if (size > LOG_FILE_BYTES) await rename(this.logFile, join(this.folder.log, 'older.log'));
  }

  private get logFile(): string {
    return join(this.folder.log, 'redis.log');
  }

  private confFor({ plan, credentials, addresses }: ReadyRequest<Credentials>): string {
    return serverConf({
      port: credentials.port,
      secrets: credentials,
      addresses,
      dataFolder: this.folder.data,
      logFile: this.logFile,
      maxMemory: maxMemoryOf(plan),
    });
  }

  private isGone(withinMs: number): Promise<boolean> {
    return within(this.clock, withinMs, async () => (await this.pid()) === undefined);
  }

  private async untilReady(request: ReadyRequest<Credentials>, ended?: Ended): Promise<void> {
    const { name, credentials, addresses } = request;
    await untilReady(this.clock, request, {
      product: PRODUCT,
      isReady: async () => {
        for (const address of addresses) if ((await answerOf(credentials, address)) !== 'ready') return false;
        // What answers on the port could be another server.
        return (await this.pid()) !== undefined;
      },
      hasEnded: async () => ended?.done ?? (await this.pid()) === undefined,
      whyEnded: () => startFailure({ product: PRODUCT, name, folder: this.folder, reasonIn }),
    });
  }
}
