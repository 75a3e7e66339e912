import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import type { DockerClient } from '../../client.js';
import { isGone } from '../container-end.js';

/** Which part of a container's log to answer with. */
export interface LogQuery {
  /** The newest so many records; null: all. */
  readonly tail: number | null;
  /** None from before this time, in seconds with nine decimals. */
  readonly since?: string;
  /** Whether to go on with what is written later. */
  readonly follow: boolean;
}

type Dial = (request: object, callback: (error: Error | null, stream: Readable) => void) => void;

/** The answer as it comes; null for a container that is gone, and after an abort, which also ends the stream. */
export async function requestLog(
  client: DockerClient,
  containerId: string,
  query: LogQuery,
  signal: AbortSignal,
): Promise<Readable | null> {
  try {
    return await dial(await client.api(), containerId, query, signal);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** By hand, since dockerode collects an answer that does not follow in memory: here it may be half a gigabyte. */
function dial(docker: Docker, id: string, query: LogQuery, signal: AbortSignal): Promise<Readable | null> {
  const { tail, since, follow } = query;
  const request = {
    path: `/containers/${id}/logs?`,
    method: 'GET',
    isStream: true,
    statusCodes: { 200: true, 404: 'no such container', 409: 'being removed', 500: 'server error' },
    options: {
      stdout: true,
      stderr: true,
      timestamps: true,
      follow,
      tail: tail ?? 'all',
      ...(since && { since }),
    },
  };
  const modem = docker.modem as { readonly dial: Dial };
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve(null);
      return;
    }
    const giveUp = () => resolve(null);
    signal.addEventListener('abort', giveUp, { once: true });
    modem.dial(request, (error, stream) => {
      signal.removeEventListener('abort', giveUp);
      if (error) reject(error);
      else resolve(untilAbort(stream, signal));
    });
  });
}

function untilAbort(stream: Readable, signal: AbortSignal): Readable {
  const end = () => stream.destroy();
  stream.on('error', end);
  stream.once('close', () => signal.removeEventListener('abort', end));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return stream;
}

/** To the stream's end, or until the signal aborts; throws when the connection is lost. */
export async function* chunksOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
