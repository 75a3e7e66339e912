import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TfkError } from '../shared/errors.js';

/** One request of git's smart HTTP protocol. */
export interface GitRequest {
  readonly method: 'GET' | 'POST';
  /** Behind the repository: `/info/refs` */
  readonly path: string;
  /** `service=git-receive-pack`, or nothing. */
  readonly query: string;
  readonly contentType: string | null;
  /** `gzip`, which git undoes itself. */
  readonly contentEncoding: string | null;
  /** Version of the protocol that the client speaks: `version=2`. */
  readonly protocol: string | null;
  readonly body: Readable | null;
}

export interface GitReply {
  readonly status: number;
  readonly contentType: string;
  /** Ends with git. Who stops reading ends git. */
  readonly body: AsyncIterable<Uint8Array>;
}

const MAX_HEAD = 16 * 1024;
/** Between asking git to end and making it. */
const GRACE_MS = 5000;

/**
 * Runs git's own `http-backend` for one request: a CGI program, whose reply is passed on as it comes. The body is not counted
 * to it (no CONTENT_LENGTH): it reads to the end, and a client that was cut off is then an end that comes too early, which
 * the pack tells.
 */
export async function runHttpBackend(
  backend: string,
  environment: Readonly<Record<string, string>>,
  request: GitRequest,
): Promise<GitReply> {
  const child = spawn(backend, [], {
    env: { ...environment, ...cgiVariables(request) },
    cwd: '/',
    // A group of its own, so that all that git starts can be ended with it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  // Git may have answered before it has read all; who was cut off has no one to be told.
  void feed(request.body, child.stdin).catch(() => undefined);
  const head = await readHead(child.stdout);
  if (head === null) {
    await stop(child, ended);
    throw new TfkError('internal_server_error', 'git-http-backend gave no answer. Nothing was changed.', {
      hint: 'Type: tfk doctor',
    });
  }
  return { ...head, body: bodyOf(child, child.stdout, ended) };
}

function cgiVariables(request: GitRequest): Record<string, string> {
  return {
    GATEWAY_INTERFACE: 'CGI/1.1',
    REQUEST_METHOD: request.method,
    QUERY_STRING: request.query,
    ...(request.contentType === null ? {} : { CONTENT_TYPE: request.contentType }),
    ...(request.contentEncoding === null ? {} : { HTTP_CONTENT_ENCODING: request.contentEncoding }),
    ...(request.protocol === null ? {} : { GIT_PROTOCOL: request.protocol }),
  };
}

async function feed(body: Readable | null, stdin: NodeJS.WritableStream): Promise<void> {
  if (body === null) stdin.end();
  else await pipeline(body, stdin);
}

/** `Status: 403 Forbidden` and the other lines up to an empty one; null where git ended without. */
async function readHead(stdout: Readable): Promise<{ status: number; contentType: string } | null> {
  let seen = Buffer.alloc(0);
  while (seen.length < MAX_HEAD) {
    const chunk = stdout.read() as Buffer | null;
    if (chunk === null) {
      if (stdout.readableEnded || stdout.destroyed) return null;
      await Promise.race([once(stdout, 'readable'), once(stdout, 'end'), once(stdout, 'close')]);
      continue;
    }
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf('\r\n\r\n');
    if (end === -1) continue;
    if (seen.length > end + 4) stdout.unshift(seen.subarray(end + 4));
    return parsed(seen.toString('latin1', 0, end));
  }
  return null;
}

function parsed(head: string): { status: number; contentType: string } {
  const valueOf = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim();
  return {
    status: Number(/^\d{3}/.exec(valueOf('Status') ?? '')?.[0] ?? 200),
    contentType: valueOf('Content-Type') ?? 'text/plain',
  };
}

async function* bodyOf(
  child: ChildProcess,
  stdout: Readable,
  ended: Promise<void>,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stdout) yield chunk as Uint8Array;
    await ended;
  } finally {
    await stop(child, ended);
  }
}

/** git takes its half-written files away when it is asked to end. */
async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  signal(child.pid, 'SIGTERM');
  const { pid } = child;
  const timer = setTimeout(() => signal(pid, 'SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(timer);
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // It has ended.
  }
}
