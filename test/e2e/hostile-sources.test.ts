import { existsSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Build } from '../../api/builds.js';
import type { Source } from '../../api/sources.js';
import { entry, tar } from '../integration/build/tarball.js';
import { Installation } from '../support/installation.js';

const PROCFILE = entry({ name: 'Procfile', content: 'web: sleep 1\n' });
const OUTSIDE = 'tfk-must-not-exist';
const file = (name: string): Buffer => entry({ name, content: 'x' });
const link = (name: string, linkname: string, type = '2'): Buffer => entry({ name, linkname, type });

/** Uploads and builds as any client of the API may. */
class Client {
  constructor(private readonly socketPath: string) {}

  async build(app: string, tarball: Buffer): Promise<Build> {
    const { source_blob } = JSON.parse(await this.call('POST', '/sources')) as Source;
    await this.call('PUT', source_blob.put_url, tarball, 'application/octet-stream');
    const body = Buffer.from(JSON.stringify({ source_blob: { url: source_blob.get_url } }));
    const { id } = JSON.parse(await this.call('POST', `/apps/${app}/builds`, body)) as Build;
    const get = async (): Promise<Build> =>
      JSON.parse(await this.call('GET', `/apps/${app}/builds/${id}`)) as Build;
    await expect.poll(async () => (await get()).status, { timeout: 60_000 }).not.toBe('pending');
    return get();
  }

  private async call(
    method: string,
    path: string,
    body?: Buffer,
    type = 'application/json',
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = body ? { 'content-type': type, 'content-length': body.length } : {};
      const outgoing = request({ socketPath: this.socketPath, path, method, headers, agent: false });
      outgoing.once('response', (response) => void text(response).then(resolve, reject));
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}

describe('a tarball from a hostile client', () => {
  let tfk: Installation;
  let client: Client;
  beforeAll(async () => {
    tfk = new Installation();
    await tfk.ok('apps:create', 'target');
    client = new Client(tfk.running.socket);
  });
  afterAll(() => tfk.remove());

  it.each([
    ['a name with ..', tar(PROCFILE, file(`../${OUTSIDE}`)), /leads out of the source/],
    ['a name with .. further in', tar(PROCFILE, file(`a/../../${OUTSIDE}`)), /leads out of the source/],
    ['an absolute name', tar(PROCFILE, file(`/tmp/${OUTSIDE}`)), /absolute name/],
    ['a link to an absolute path', tar(PROCFILE, link('out', '/etc')), /leads to the absolute path/],
    ['a link out of the source', tar(PROCFILE, link('out', '../../..')), /out/],
    ['a file through a link', tar(PROCFILE, link('l', '..'), file(`l/${OUTSIDE}`)), /a link/],
    ['a hard link to a file of the machine', tar(PROCFILE, link('h', '/etc/passwd', '1')), /absolute name/],
    ['a hard link to the key', tar(PROCFILE, link('h', '../../secret.key', '1')), /leads out/],
    ['a character device', tar(PROCFILE, entry({ name: 'd', type: '3' })), /character device/],
    ['a block device', tar(PROCFILE, entry({ name: 'd', type: '4' })), /block device/],
    ['a FIFO', tar(PROCFILE, entry({ name: 'f', type: '6' })), /FIFO/],
    ['a name that steers a terminal', tar(PROCFILE, file('a\u001b[2J')), /control character/],
    [
      'a cut archive',
      tar(PROCFILE, entry({ name: 'f', content: 'x'.repeat(5000) })).subarray(0, 3000),
      /cut short/,
    ],
    ['no archive', Buffer.from('<html>not found</html>'), /refused/],
    ['nothing', Buffer.alloc(0), /refused/],
    ['a gzip bomb', gzipSync(Buffer.alloc(64 * 1024 * 1024)), /No planner|refused/],
  ])('with %s fails its build, and touches nothing outside', async (_, tarball, message) => {
    const build = await client.build('target', tarball);
    expect(build.status).toBe('failed');
    expect(build.message).toMatch(message);
    expect(JSON.parse(await tfk.ok('releases', '--json', '-a', 'target'))).toHaveLength(1);
    expect(readdirSync(join(tfk.home, 'builds')).filter((name) => !name.endsWith('.log'))).toEqual([]);
    expect(
      [tfk.home, join(tfk.home, 'builds'), '/tmp', '/'].filter((dir) => existsSync(join(dir, OUTSIDE))),
    ).toEqual([]);
  });
});
