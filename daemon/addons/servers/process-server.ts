import { spawn } from 'node:child_process';
import { chmod, chown, open } from 'node:fs/promises';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { Answer, ServerCredentials } from './host.js';
import type { Owner } from './owner.js';

export interface ReadyRequest<Credentials extends ServerCredentials> {
  /** For messages: the add-on's name. */
  readonly name: string;
  readonly plan: string;
  readonly credentials: Credentials;
  /** Where it listens: loopback, and what containers reach. */
  readonly addresses: readonly string[];
  readonly signal?: AbortSignal;
}

export interface StartRequest<
  Credentials extends ServerCredentials,
  Binaries,
> extends ReadyRequest<Credentials> {
  readonly binaries: Binaries;
  readonly owner: Owner | undefined;
}

/**
 * The server of one data folder. It is a process of its own session, and outlives tfkd; that a process is really ours is read
 * from its command line, since pids come round again.
 */
export interface ProcessServer<Credentials extends ServerCredentials, Binaries> {
  /** Undefined: it does not run. */
  pid(): Promise<number | undefined>;
  answerOf(credentials: Credentials, host?: string): Promise<Answer>;
  /** Does its last start do for the request? */
  isSetFor(request: ReadyRequest<Credentials>): Promise<boolean>;
  /** Starts it and resolves when it takes connections; safe on the remains of a crash. Must not run already. */
  start(request: StartRequest<Credentials, Binaries>): Promise<void>;
  /** Waits for one that is starting or recovering. */
  waitUntilReady(request: ReadyRequest<Credentials>): Promise<void>;
  /** Resolves when no process of it is left; `immediate` needs a recovery later. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** What its log may take on disk is bounded. */
  trimLog(): Promise<void>;
}

const POLL_MS = 25;
const START_LIMIT_MS = 120_000;

export interface Starting {
  /** `PostgreSQL` */
  readonly product: string;
  readonly isReady: () => Promise<boolean>;
  readonly hasEnded: () => Promise<boolean>;
  readonly whyEnded: () => Promise<TfkError>;
}

/** Rejects as soon as it has ended, with the reason. */
export async function untilReady(
  clock: Clock,
  { name, signal }: Pick<ReadyRequest<ServerCredentials>, 'name' | 'signal'>,
  { product, isReady, hasEnded, whyEnded }: Starting,
): Promise<void> {
  const deadline = clock.now() + START_LIMIT_MS;
  while (clock.now() < deadline) {
    signal?.throwIfAborted();
    if (await isReady()) return;
    if (await hasEnded()) throw await whyEnded();
    await clock.sleep(POLL_MS, signal);
  }
  throw new TfkError('unavailable', `${product} of ${name} runs but takes no connections yet.`, {
    hint: 'After a crash it first replays its log, which can take minutes; tfk addons:info shows when it is up.',
  });
}

/** Answers whether it came true within that time. */
export async function within(clock: Clock, ms: number, test: () => Promise<boolean>): Promise<boolean> {
  const deadline = clock.now() + ms;
  while (clock.now() < deadline) {
    if (await test()) return true;
    await clock.sleep(POLL_MS);
  }
  return false;
}

export interface Program {
  readonly path: string;
  /** The name under which `ps` shows it; else its path. */
  readonly title?: string;
  readonly argv: readonly string[];
  /** Takes what it prints, from the beginning. */
  readonly output: string;
  readonly owner: Owner | undefined;
}

/** Changes when the process that was spawned ends. */
export interface Ended {
  done: boolean;
}

/** In a session of its own, so that it outlives us. */
export async function spawnServer({ path, title, argv, output, owner }: Program): Promise<Ended> {
  const file = await open(output, 'w', 0o600);
  try {
    const server = spawn(path, argv, {
      cwd: '/',
      // Nothing of tfkd's own environment: the server has no business with it.
      env: { LC_ALL: 'C', TZ: 'UTC' },
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
      ...(title === undefined ? {} : { argv0: title }),
      ...(owner ?? {}),
    });
    server.unref();
    const ended: Ended = { done: false };
    const end = () => (ended.done = true);
    server.once('error', end);
    server.once('exit', end);
    return ended;
  } finally {
    await file.close();
  }
}

/** For the server's account alone. */
export async function writeForServer(path: string, text: string, owner: Owner | undefined): Promise<void> {
  await writeFileAtomic(path, text);
  await chmod(path, 0o600);
  if (owner) await chown(path, owner.uid, owner.gid);
}

export function portTaken(product: string, name: string, port: number): TfkError {
  return new TfkError(
    'conflict',
    `${product} of ${name} cannot start: another program listens on port ${port}, which its URL names. Its data is untouched.`,
    {
      hint: `Find the program with: lsof -nP -iTCP:${port} -sTCP:LISTEN . When it has ended, tfk starts the server by itself.`,
    },
  );
}
