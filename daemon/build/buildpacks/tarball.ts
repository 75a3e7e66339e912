import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { messageOf } from '../../shared/errors.js';
import { NoSuchBuildpack, type Fetched, type Fetching } from './fetched.js';

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;

/** Downloads a tarball, unless its server says that it is the one which is known. */
export async function fetchTarball(
  { text, url }: { readonly text: string; readonly url: string },
  { archive, known, limit, signal }: Fetching,
  request: typeof fetch,
): Promise<Fetched> {
  const headers: Record<string, string> = known === null ? {} : { 'if-none-match': known };
  const answer = await answerOf(url, { headers, signal }, request);
  if (answer.status === 304 && known !== null) return { changed: false };
  const { host } = new URL(url);
  if (answer.status === 404 || answer.status === 410)
    throw new NoSuchBuildpack(`${text}: ${host} has no such file`);
  if (!answer.ok || answer.body === null) throw new Error(`${host} answered ${answer.status}`);
  const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
  await pipeline(body, atMost(limit), createWriteStream(archive, { flags: 'wx', mode: 0o600 }), { signal });
  return { changed: true, version: answer.headers.get('etag') };
}

/** Follows whoever sends on, each address looked at before it is asked: on the way as well, nobody may listen or change a byte. */
async function answerOf(
  address: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
  request: typeof fetch,
): Promise<Response> {
  let url = new URL(address);
  for (let sent = 0; sent <= MOST_REDIRECTS; sent++) {
    const answer = await request(url, { ...init, redirect: 'manual' }).catch((error: unknown) => {
      init.signal.throwIfAborted();
      throw new Error(reasonOf(error), { cause: error });
    });
    if (!REDIRECTS.includes(answer.status)) return answer;
    await answer.body?.cancel();
    url = nextAddress(answer.headers.get('location') ?? '', url);
  }
  throw new Error(`${new URL(address).host} sends on more than ${MOST_REDIRECTS} times`);
}

function nextAddress(location: string, { host, href }: URL): URL {
  if (!URL.canParse(location, href)) throw new Error(`${host} sends to no address`);
  const next = new URL(location, href);
  if (next.protocol === 'https:') return next;
  throw new Error(`${host} sends to an address without https: ${next.protocol}//${next.host}`);
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
