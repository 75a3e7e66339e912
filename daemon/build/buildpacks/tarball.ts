import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { messageOf } from '../../shared/errors.js';
import { NoSuchBuildpack, type Fetched, type Fetching } from './fetched.js';

/** Downloads a tarball, unless its server says that it is the one which is known. */
export async function fetchTarball(
  { text, url }: { readonly text: string; readonly url: string },
  { archive, known, limit, signal }: Fetching,
  request: typeof fetch,
): Promise<Fetched> {
  const headers: Record<string, string> = known === null ? {} : { 'if-none-match': known };
  const answer = await request(url, { headers, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Error(reasonOf(error), { cause: error });
  });
  if (answer.status === 304 && known !== null) return { changed: false };
  const { host } = new URL(url);
  if (answer.status === 404 || answer.status === 410)
    throw new NoSuchBuildpack(`${text}: ${host} has no such file`);
  if (!answer.ok || answer.body === null) throw new Error(`${host} answered ${answer.status}`);
  if (answer.url !== '' && !answer.url.startsWith('https:'))
    throw new Error(`${host} sends to an address without https`);
  const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
  await pipeline(body, atMost(limit), createWriteStream(archive, { flags: 'wx', mode: 0o600 }), { signal });
  return { changed: true, version: answer.headers.get('etag') };
}

function atMost(limit: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) done(new Error('it is too large'));
      else done(null, chunk);
    },
  });
}

/** Fetching says no more than that it failed; what happened is its cause. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
