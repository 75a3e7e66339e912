import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

const build = (id: string, status: string) => ({
  id,
  status,
  message: null,
  source_blob: { version: null },
  user: { email: 'me@example.com' },
  created_at: '2026-01-02T03:04:05Z',
  unchanged: false,
  queue_position: 0,
});

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  tfkd.on('GET /apps/x/builds', {
    json: [build('abcd1111-x', 'pending'), build('abcd2222-x', 'pending'), build('ef01-x', 'failed')],
  });
});
afterEach(() => tfkd.stop());
const tfk = (words: string) => runCli(words.split(' '), { home: tfkd.home });

it('a build is named by the beginning of its id', async () => {
  expect((await tfk('builds:info ef -a x')).stdout).toContain('Build ef01-x');
  expect((await tfk('builds:info -a x')).stdout).toContain('Build abcd1111-x');
  expect(await tfk('builds:info 9 -a x')).toMatchObject({ code: 1 });
});

it('no build is cancelled by a beginning that two have', async () => {
  const { code, stderr } = await tfk('builds:cancel abcd -a x');
  expect(code).toBe(2);
  expect(stderr).toContain('abcd may be any of 2 builds of x: abcd1111-x, abcd2222-x.');
  expect(tfkd.requests()).toEqual(['GET /apps/x/builds']);
});

it('an empty name, as of a variable that is not set, names no build', async () => {
  const { code, stderr } = await runCli(['builds:cancel', '', '-a', 'x'], { home: tfkd.home });
  expect(code).toBe(2);
  expect(stderr).toContain('<build> is empty. Nothing was done.');
  expect(tfkd.requests()).toEqual([]);
});
