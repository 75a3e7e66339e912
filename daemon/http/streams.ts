import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../shared/clock.js';
import type { Context } from './context.js';

/** Silence after which a stream says something, since clients take 60 s of it for a dead connection. */
const HEARTBEAT_MS = 20_000;

export interface StreamOptions {
  readonly contentType: string;
  /** What is sent in silence; null: nothing. */
  readonly heartbeat: string | null;
  /** True: what makes the chunks is run to its end even if the client has gone. */
  readonly untilEnd?: boolean;
  readonly status?: number;
}

type Chunk = string | Uint8Array;

/**
 * Sends chunks as they come, headers at once, at the pace of the client. The source is opened with a signal that aborts
 * when the client has gone. What the source throws is logged and ends the connection, so that it does not look complete.
 */
export async function sendStream(
  context: Pick<Context, 'clock' | 'closing' | 'logger'>,
  reply: FastifyReply,
  open: (signal: AbortSignal) => AsyncIterable<Chunk>,
  options: StreamOptions,
): Promise<void> {
  const gone = new AbortController();
  const response = reply.raw;
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, context.closing]);
  const source = open(options.untilEnd === true ? new AbortController().signal : signal);
  reply.hijack();
  response.writeHead(options.status ?? 200, {
    ...headersOf(reply),
    'content-type': options.contentType,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  try {
    for await (const chunk of withHeartbeat(source, options.heartbeat, context.clock)) {
      if (!signal.aborted) await write(response, chunk, signal);
      else if (options.untilEnd !== true) break;
    }
    response.end();
  } catch (error) {
    context.logger.error({ err: error, request: reply.request.id }, 'a stream broke');
    response.destroy();
  }
}

function headersOf(reply: FastifyReply): Record<string, string | number | string[]> {
  return Object.fromEntries(
    Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

async function write(response: ServerResponse, chunk: Chunk, signal: AbortSignal): Promise<void> {
  if (response.write(chunk) || response.destroyed) return;
  await once(response, 'drain', { signal }).catch(() => undefined);
}

async function* withHeartbeat(
  source: AsyncIterable<Chunk>,
  heartbeat: string | null,
  clock: Clock,
): AsyncGenerator<Chunk, void> {
  if (heartbeat === null) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const result = await raceWithSilence(next, clock);
      if (result === null) yield heartbeat;
      else if (result.done === true) return;
      else {
        yield result.value;
        next = iterator.next();
      }
    }
  } finally {
    // Not awaited: a source that waits for its next chunk ends by its signal.
    void iterator.return?.().catch(() => undefined);
  }
}

async function raceWithSilence<T>(next: Promise<T>, clock: Clock): Promise<T | null> {
  const answered = new AbortController();
  const silence = clock.sleep(HEARTBEAT_MS, answered.signal).then(() => null);
  try {
    return await Promise.race([next, silence]);
  } finally {
    answered.abort();
  }
}
