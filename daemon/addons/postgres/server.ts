import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
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
import { commandOf, processesBeginning, sendSignal } from '../servers/processes.js';
import { startFailure } from '../servers/start-failure.js';
import type { Binaries } from './binaries.js';
import type { Credentials } from './credentials.js';
import { answerOf } from './login.js';
import { reasonIn } from './reason.js';
import { namesIn } from './roles.js';
import { addressesIn, clusterMark, hbaConf, LOG_FILES_KEPT, serverConf } from './settings.js';

export interface ServerContext {
  readonly clock: Clock;
  readonly logger: Logger;
}

const PRODUCT = 'PostgreSQL';
/** Of postmaster.pid, counted from 0: `starting`, `ready`, `stopping`… */
const STATUS_LINE = 7;
const POLL_MS = 25;
const FAST_STOP_LIMIT_MS = 60_000;
const IMMEDIATE_STOP_LIMIT_MS = 15_000;
const ORPHANS_LIMIT_MS = 5000;

/** The postmaster of one data folder, found again by its pid file. */
export class PostgresServer implements ProcessServer<Credentials, Binaries> {
  private readonly mark: string;

  constructor(
    private readonly folder: ServerFolder,
    private readonly context: ServerContext,
  ) {
    this.mark = clusterMark(folder.data);
  }

  /** The postmaster's pid, when it lives. */
  async pid(): Promise<number | undefined> {
    const pid = await this.pidInFile();
    if (pid === undefined) return undefined;
    return (await commandOf(pid))?.includes(`cluster_name=${this.mark}`) ? pid : undefined;
  }

  answerOf(credentials: Credentials, host?: string): Promise<Answer> {
    return answerOf(credentials, host);
  }

  /** One that listens where nobody needs it any more is left alone. */
  async isSetFor({ addresses }: ReadyRequest<Credentials>): Promise<boolean> {
    const conf = await readFile(this.folder.conf, 'utf8').catch(() => '');
    return isReachedOn(addresses, addressesIn(conf));
  }

  async start(request: StartRequest<Credentials, Binaries>): Promise<void> {
    await this.stopOrphans();
    await this.removeForeignPidFile();
    const { name, credentials, addresses } = request;
    if (!(await isFree(credentials.port, addresses))) throw portTaken(PRODUCT, name, credentials.port);
    await this.writeConf(request);
    await this.untilReady(request, await this.spawnPostmaster(request));
  }

  async waitUntilReady(request: ReadyRequest<Credentials>): Promise<void> {
    await this.untilReady(request);
  }

  /** Fast: open transactions are rolled back. */
  async stop(how: 'fast' | 'immediate'): Promise<void> {
    const pid = await this.pid();
    if (pid !== undefined) {
      if (how === 'fast') sendSignal(pid, 'SIGINT');
      if (how === 'immediate' || !(await this.isGone(FAST_STOP_LIMIT_MS))) sendSignal(pid, 'SIGQUIT');
      if (!(await this.isGone(IMMEDIATE_STOP_LIMIT_MS))) sendSignal(pid, 'SIGKILL');
    }
    await this.stopOrphans();
  }

  /** The server itself only begins new files. */
  async trimLog(): Promise<void> {
    const names = (await readdir(this.folder.log).catch(() => [])).sort().reverse();
    for (const name of names.slice(LOG_FILES_KEPT + 1))
      await rm(join(this.folder.log, name), { force: true });
  }

  private async pidInFile(): Promise<number | undefined> {
    const pid = Number.parseInt((await this.pidFile())[0] ?? '', 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  }

  private async pidFile(): Promise<readonly string[]> {
    return (await readFile(join(this.folder.data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  }

  private isGone(withinMs: number): Promise<boolean> {
    return within(this.context.clock, withinMs, async () => (await this.pid()) === undefined);
  }

  private async untilReady(request: ReadyRequest<Credentials>, ended?: Ended): Promise<void> {
    await untilReady(this.context.clock, request, {
      product: PRODUCT,
      isReady: () => this.isReady(request),
      hasEnded: async () => ended?.done ?? (await this.pid()) === undefined,
      whyEnded: () => startFailure({ product: PRODUCT, name: request.name, folder: this.folder, reasonIn }),
    });
  }

  /**
   * Backends of a postmaster that was killed end by themselves when they next look, which one in a long computation does late;
   * until then the data folder is locked.
   */
  private async stopOrphans(): Promise<void> {
    const orphans = () => processesBeginning(`postgres: ${this.mark}:`);
    const { clock, logger } = this.context;
    const started = clock.now();
    for (let pids = await orphans(); pids.length > 0; pids = await orphans()) {
      const waited = clock.now() - started;
      const signal = waited < ORPHANS_LIMIT_MS ? 'SIGQUIT' : 'SIGKILL';
      if (waited > 2 * ORPHANS_LIMIT_MS) throw orphansStay(pids);
      logger.warn({ pids, signal }, 'stopping what a killed PostgreSQL left');
      for (const pid of pids) sendSignal(pid, signal);
      await clock.sleep(POLL_MS * 4);
    }
  }

  /** The server refuses to start while its pid file names any living process, even one that only got the same number. */
  private async removeForeignPidFile(): Promise<void> {
    const pid = await this.pidInFile();
    if (pid === undefined || (await commandOf(pid)) === undefined) return;
    this.context.logger.warn({ pid }, 'the pid file of a dead PostgreSQL names another process: removed');
    await rm(join(this.folder.data, 'postmaster.pid'), { force: true });
  }

  private async writeConf({
    credentials,
    addresses,
    owner,
  }: StartRequest<Credentials, Binaries>): Promise<void> {
    const { port } = credentials;
    const { path, log, conf } = this.folder;
    const hbaFile = join(path, 'pg_hba.conf');
    await writeForServer(hbaFile, hbaConf(namesIn(credentials), addresses), owner);
    await writeForServer(conf, serverConf({ port, addresses, hbaFile, logFolder: log }), owner);
  }

  private spawnPostmaster({ binaries, owner }: StartRequest<Credentials, Binaries>): Promise<Ended> {
    return spawnServer({
      path: join(binaries.bin, 'postgres'),
      argv: ['-D', this.folder.data, '-c', `cluster_name=${this.mark}`],
      output: this.folder.startLog,
      owner,
    });
  }

  /** By its own pid file first: what answers on the port could be another server. */
  private async isReady({ credentials, addresses }: ReadyRequest<Credentials>): Promise<boolean> {
    const pidFile = await this.pidFile();
    if (pidFile[STATUS_LINE]?.trim() !== 'ready' || (await this.pid()) === undefined) return false;
    for (const address of addresses) {
      if ((await answerOf(credentials, address)) !== 'ready') return false;
    }
    return true;
  }
}

function orphansStay(pids: readonly number[]): TfkError {
  return new TfkError(
    'unavailable',
    `A killed PostgreSQL left processes that do not end: ${pids.join(', ')}.`,
    {
      hint: `Look at them with: ps -fp ${pids.join(',')}`,
    },
  );
}
