import { spawn } from 'node:child_process';
import { chmod, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import type { Binaries } from './binaries.js';
import type { Credentials } from './credentials.js';
import { answerOf } from './login.js';
import type { Owner } from './owner.js';
import type { ServerFolder } from './place.js';
import { isFree } from './ports.js';
import { commandOf, processesBeginning, sendSignal } from './processes.js';
import { addressesIn, clusterMark, hbaConf, LOG_FILES_KEPT, serverConf } from './settings.js';
import { startFailure } from './start-failure.js';

export interface ServerContext {
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface WaitRequest {
  /** For messages: the add-on's name. */
  readonly name: string;
  readonly credentials: Credentials;
  readonly signal?: AbortSignal;
}

export interface StartRequest extends WaitRequest {
  /** Where it listens: loopback, and what containers reach. */
  readonly addresses: readonly string[];
  readonly binaries: Binaries;
  readonly owner: Owner | undefined;
}

/** Of postmaster.pid, counted from 0: `starting`, `ready`, `stopping`… */
const STATUS_LINE = 7;
const POLL_MS = 25;
const START_LIMIT_MS = 120_000;
const FAST_STOP_LIMIT_MS = 60_000;
const IMMEDIATE_STOP_LIMIT_MS = 15_000;
const ORPHANS_LIMIT_MS = 5000;

/**
 * The postmaster of one data folder. It is a process of its own session, outlives tfkd and is found again by its pid file; that
 * a process of that pid is really ours is read from its command line, since pids come round again.
 */
export class PostgresServer {
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

  /** Is it to listen there since its last start? */
  async listensOn(address: string): Promise<boolean> {
    const conf = await readFile(this.folder.conf, 'utf8').catch(() => '');
    return addressesIn(conf).includes(address);
  }

  /** Starts it and resolves when it takes connections; safe on the remains of a crash. Must not run already. */
  async start(request: StartRequest): Promise<void> {
    await this.stopOrphans();
    await this.removeForeignPidFile();
    const { addresses } = request;
    const { port } = request.credentials;
    if (!(await isFree(port, addresses))) throw portTaken(request.name, port);
    await this.writeConf(request);
    const ended = await this.spawnPostmaster(request);
    await this.waitUntilReady(request, addresses, ended);
  }

  /** Waits for one that is starting or recovering. */
  async waitUntilReady(request: WaitRequest, addresses: readonly string[], ended?: Ended): Promise<void> {
    const { clock } = this.context;
    const deadline = clock.now() + START_LIMIT_MS;
    while (clock.now() < deadline) {
      request.signal?.throwIfAborted();
      if (await this.isReady(request.credentials, addresses)) return;
      if (ended?.done ?? (await this.pid()) === undefined)
        throw await startFailure(this.folder, request.name);
      await clock.sleep(POLL_MS, request.signal);
    }
    throw new TfkError('unavailable', `PostgreSQL of ${request.name} runs but takes no connections yet.`, {
      hint: 'After a crash it first replays its log, which can take minutes; tfk addons:info shows when it is up.',
    });
  }

  /** Fast: open transactions are rolled back. Resolves when no process of it is left; `immediate` needs a recovery later. */
  async stop(how: 'fast' | 'immediate'): Promise<void> {
    const pid = await this.pid();
    if (pid !== undefined) {
      if (how === 'fast') sendSignal(pid, 'SIGINT');
      if (how === 'immediate' || !(await this.isGone(FAST_STOP_LIMIT_MS))) sendSignal(pid, 'SIGQUIT');
      if (!(await this.isGone(IMMEDIATE_STOP_LIMIT_MS))) sendSignal(pid, 'SIGKILL');
    }
    await this.stopOrphans();
  }

  /** Keeps the newest log files; the server itself only begins new ones. */
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

  private async isGone(withinMs: number): Promise<boolean> {
    const { clock } = this.context;
    const deadline = clock.now() + withinMs;
    while (clock.now() < deadline) {
      if ((await this.pid()) === undefined) return true;
      await clock.sleep(POLL_MS);
    }
    return false;
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

  private async writeConf({ credentials, addresses }: StartRequest): Promise<void> {
    const { port, user, database } = credentials;
    const { hba, log, conf } = this.folder;
    await writeForServer(hba, hbaConf(user, database, addresses));
    await writeForServer(conf, serverConf({ port, addresses, hbaFile: hba, logFolder: log }));
  }

  private async spawnPostmaster({ binaries, owner }: StartRequest): Promise<Ended> {
    const output = await open(this.folder.startLog, 'w', 0o600);
    try {
      const postmaster = spawn(
        join(binaries.bin, 'postgres'),
        ['-D', this.folder.data, '-c', `cluster_name=${this.mark}`],
        {
          cwd: '/',
          // Nothing of tfkd's own environment: the server has no business with it.
          env: { LC_ALL: 'C', TZ: 'UTC' },
          detached: true,
          stdio: ['ignore', output.fd, output.fd],
          ...(owner ?? {}),
        },
      );
      postmaster.unref();
      const ended: Ended = { done: false };
      const end = () => (ended.done = true);
      postmaster.once('error', end);
      postmaster.once('exit', end);
      return ended;
    } finally {
      await output.close();
    }
  }

  /** By its own pid file first: what answers on the port could be another server. */
  private async isReady(credentials: Credentials, addresses: readonly string[]): Promise<boolean> {
    const pidFile = await this.pidFile();
    if (pidFile[STATUS_LINE]?.trim() !== 'ready' || (await this.pid()) === undefined) return false;
    for (const address of addresses) {
      if ((await answerOf(credentials, address)) !== 'ready') return false;
    }
    return true;
  }
}

/** Changes when the process that was spawned ends. */
interface Ended {
  done: boolean;
}

/** Readable by the server's account, also when tfkd's umask says otherwise. Neither file holds a secret. */
async function writeForServer(path: string, text: string): Promise<void> {
  await writeFileAtomic(path, text);
  await chmod(path, 0o644);
}

function portTaken(name: string, port: number): TfkError {
  return new TfkError(
    'conflict',
    `PostgreSQL of ${name} cannot start: another program listens on port ${port}, which its URL names. Its data is untouched.`,
    {
      hint: `Find the program with: lsof -nP -iTCP:${port} -sTCP:LISTEN . When it has ended, tfk starts the database by itself.`,
    },
  );
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
