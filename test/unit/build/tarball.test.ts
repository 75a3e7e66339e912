import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fetchTarball } from '../../../daemon/build/buildpacks/tarball.js';

const FIRST = 'https://one.example/x.tgz';

/** Servers that send on from one address to the next; whoever is not named has the file. */
async function fetched(ways: Readonly<Record<string, string>>) {
  const scratch = await mkdtemp(join(tmpdir(), 'tfk-test-'));
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const asked: string[] = [];
  const request = async (url: unknown, init?: RequestInit): Promise<Response> => {
    let at = String(url);
    for (;;) {
      asked.push(at);
      const to = ways[at];
      if (to === undefined) return new Response('the file', { headers: { etag: '"1"' } });
      if (init?.redirect === 'manual') return new Response(null, { status: 302, headers: { location: to } });
      // As fetch does of its own accord.
      at = new URL(to, at).href;
      if (asked.length > 20)
        throw new TypeError('fetch failed', { cause: new Error('redirect count exceeded') });
    }
  };
  const archive = join(scratch, 'archive');
  const fetching = { scratch, archive, known: null, limit: 1000, signal: new AbortController().signal };
  const result = await fetchTarball({ text: FIRST, url: FIRST }, fetching, request).catch(
    (error: unknown) => error,
  );
  const file = await readFile(archive, 'utf8').catch(() => null);
  return { asked, file, result };
}

test('a tarball is fetched over addresses that its server sends to', async () => {
  const { asked, file, result } = await fetched({
    [FIRST]: 'https://two.example/a',
    'https://two.example/a': '/b',
  });
  expect(result).toEqual({ changed: true, version: '"1"' });
  expect(file).toBe('the file');
  expect(asked).toEqual([FIRST, 'https://two.example/a', 'https://two.example/b']);
});

test('an address without https is never asked, also where that one would send back to https', async () => {
  const ways = { [FIRST]: 'http://two.example/a', 'http://two.example/a': 'https://three.example/b' };
  const { asked, file, result } = await fetched(ways);
  expect(String(result)).toContain('one.example sends to an address without https: http://two.example');
  expect(asked).toEqual([FIRST]);
  expect(file).toBeNull();
});

test('nobody is sent on more than five times', async () => {
  const { asked, result } = await fetched({ [FIRST]: FIRST });
  expect(String(result)).toContain('one.example sends on more than 5 times');
  expect(asked).toHaveLength(6);
});

test('an answer that sends to nowhere is none', async () => {
  expect(String((await fetched({ [FIRST]: 'https://[' })).result)).toContain('sends to no address');
});
