import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onProcess } from '../support/engine-under-test.js';
import { aSmallApp, Installation } from '../support/installation.js';
import { alive, aTakenPort, releases, said, until, Victim, withBuild } from '../support/victim.js';
import { describeBadInput } from './suites/bad-input.js';

describeBadInput(onProcess, (tfk) => {
  describe('of words', () => {
    it.each([
      [['run', '-a', 'empty', '--', 'ls'], 1, /no code yet[^]*tfk push/],
      [['run:detached', '-a', 'empty', '--', 'ls'], 1, /no code yet[^]*tfk push/],
      [['ps:exec', 'web.1', '-a', 'empty'], 1, /web\.1[^]*tfk ps/],
      [['rollback', '-a', 'empty'], 1, /no earlier release/],
      [['apps:create', 'Bad Name'], 1, /"Bad Name" cannot be an app name[^]*3 to 30/],
      [['apps:create', '../up'], 1, /cannot be an app name/],
      [['apps:create', 'localhost'], 1, /reserved/],
      [['apps:create', 'empty'], 1, /taken/],
      [['apps:rename', 'x', '-a', 'empty'], 1, /cannot be an app name/],
      [['apps:destroy', '-a', 'empty'], 2, /nothing was done[^]*--confirm empty/],
      [['apps:destroy', '-a', 'empty', '--confirm', 'other'], 2, /empty/],
      [['domains:add', 'http://x.com/', '-a', 'empty'], 1, /not a host name/],
      [['domains:add', '*.com', '-a', 'empty'], 1, /not a host name/],
      [['domains:add', '127.0.0.1', '-a', 'empty'], 1, /not a host name/],
      [['domains:add', 'other.localhost', '-a', 'empty'], 1, /apps:rename/],
      [['domains:remove', 'x.com', '-a', 'empty'], 1, /no domain "x.com"/],
      [['addons:create', 'mongodb', '-a', 'empty'], 1, /mongodb[^]*postgres/],
      [['addons:destroy', 'nosuch', '-a', 'empty'], 1, /nosuch[^]*addons:create/],
      [['addons:attach', 'nosuch', '-a', 'empty'], 1, /nosuch/],
      [['config:set', '=x', '-a', 'empty'], 2, /KEY=value/],
      [['config:set', 'A', '-a', 'empty'], 2, /KEY=value/],
      [['config:set', 'A-B=x', '-a', 'empty'], 1, /"A-B" cannot be/],
      [['config:set', 'PORT=1', '-a', 'empty'], 1, /PORT is set by the platform/],
      [['releases:diff', 'v1', 'v77', '-a', 'empty'], 1, /v77/],
      [['builds:info', 'nosuch', '-a', 'empty'], 1, /nosuch/],
      [['ps', '-a', 'emtpy'], 1, /Did you mean empty/],
      [['scael', 'web=1'], 2, /Did you mean .*scale/],
      [['scale', '--nosuch', '-a', 'empty'], 2, /'--nosuch'/],
    ] as const)('tfk %j is refused', async (args, code, text) => {
      const ran = await tfk().tfk(...args);
      expect(ran.stderr).toMatch(text);
      expect(ran.code).toBe(code);
    });

    it('made no release of anything that was refused', async () => {
      expect(await releases(tfk(), 'empty')).toHaveLength(1);
    });

    it('names the app whose domain it is already', async () => {
      await tfk().ok('domains:add', 'shop.example.com', '-a', 'empty');
      await tfk().ok('apps:create', 'second');
      const ran = await tfk().tfk('domains:add', 'SHOP.example.com.', '-a', 'second');
      expect(ran).toMatchObject({ code: 1 });
      expect(ran.stderr).toMatch(/shop\.example\.com is the domain of another app, empty[^]*domains:remove/);
    });
  });

  describe('of config', () => {
    it('refuses a value of 1 MiB, and keeps all as it was', async () => {
      const input = `BIG=${'x'.repeat(1024 * 1024)}\n`;
      const ran = await tfk().tfkWith({ input }, 'config:set', '-', '-a', 'empty');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/BIG has 1048576 bytes; the limit is 65536\. Nothing was changed/);
      expect(await tfk().ok('config', '--json', '-a', 'empty')).not.toContain('BIG');
    });

    it('gives values with newlines, quotes and unicode to the dyno byte by byte', async () => {
      const value = ' one\n\ttwo "three" \'$HOME\' `id` \\n ünïcödé 🦊 = \n';
      const { app } = await Victim.create(tfk(), 'bytes');
      await tfk().ok('config:set', `TEXT=${value}`, '-a', app);
      await tfk().ok('ps:wait', '-a', app);
      const seen = JSON.parse((await tfk().get(app, '/env')).body) as Record<string, string>;
      expect(seen['TEXT']).toBe(value);
      expect(await tfk().ok('config:get', 'TEXT', '-a', app)).toBe(`${value}\n`);
    });
  });

  describe('of large sources', () => {
    it('refuses a folder of 600 MB before anything is sent', async () => {
      const source = tfk().source('large', aSmallApp('x'));
      writeFileSync(join(source, 'huge.bin'), '');
      truncateSync(join(source, 'huge.bin'), 600 * 1024 * 1024);
      const ran = await tfk().tfk('push', source, '-a', 'empty');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/huge\.bin[^]*\.slugignore[^]*Nothing was sent/);
      expect(readdirSync(join(tfk().home, 'sources'))).not.toContainEqual(expect.stringMatching(/tmp$/));
    });
  });

  describe('at a bad time', () => {
    // Each app's with a file of its own: the same content is not built twice, not even for another app.
    const slow = withBuild('sleep 2');

    it('queues a second push visibly, and ends both', async () => {
      await tfk().ok('apps:create', 'twice');
      const one = tfk().source('one', slow);
      const two = tfk().source('two', { ...slow, extra: 'x' });
      const first = tfk().tfk('push', one, '-a', 'twice');
      await until(() => tfk().ok('builds', '-a', 'twice'), /running/);
      const second = tfk().tfk('push', two, '-a', 'twice');
      await until(() => tfk().ok('builds', '-a', 'twice'), /waiting \(1\)/);
      expect(await first).toMatchObject({ code: 0 });
      const ran = await second;
      expect(ran).toMatchObject({ code: 0 });
      expect(said(ran)).toMatch(/Waiting for another build to end: number 1 in the queue/);
      expect((await releases(tfk(), 'twice')).map((release) => release.status)).toEqual([
        'succeeded',
        'succeeded',
        'succeeded',
      ]);
    });

    it('goes on building when the client is gone', async () => {
      await tfk().ok('apps:create', 'orphan');
      const client = tfk().begin(
        'push',
        tfk().source('orphan', { ...slow, extra: 'orphan' }),
        '-a',
        'orphan',
      );
      await until(() => tfk().ok('builds', '-a', 'orphan'), /running/);
      client.kill('SIGKILL');
      await until(() => tfk().ok('builds', '-a', 'orphan'), /succeeded/);
      await tfk().ok('ps:wait', '-a', 'orphan');
      expect(await tfk().get('orphan')).toMatchObject({ body: 'built' });
    });
  });
});

describe('a taken API port', () => {
  it('is named with what to change, and leaves no process behind', async () => {
    const { port, free } = await aTakenPort();
    const tfk = new Installation({ TFK_API_PORT: String(port) });
    try {
      const ran = await tfk.tfk('apps');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(new RegExp(`Port ${port} .*taken[^]*TFK_API_PORT`));
      expect(alive(tfk.home)).toBe(false);
      const other = await tfk.tfkWith({ env: { TFK_API_PORT: '0' } }, 'apps');
      expect(other).toMatchObject({ code: 0 });
    } finally {
      free();
      await tfk.remove();
    }
  });
});
