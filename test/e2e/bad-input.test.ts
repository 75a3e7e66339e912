import { once } from 'node:events';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Build } from '../../api/builds.js';
import type { Release } from '../../api/releases.js';
import { aSmallApp, Installation, type Ran } from '../support/installation.js';

/** Waits that are minutes for users, and seconds here. */
const SHORT = {
  TFK_BUILD_TIMEOUT_S: '10',
  TFK_BOOT_TIMEOUT_S: '4',
  TFK_EXIT_TIMEOUT_S: '2',
  TFK_RELEASE_TIMEOUT_S: '6',
};

const said = (ran: Ran): string => ran.stdout + ran.stderr;

const withBuild = (build: string): Record<string, string> =>
  aSmallApp('built', {
    'package.json': JSON.stringify({ name: 'small', version: '1.0.0', scripts: { build } }),
  });

const json = async <T>(tfk: Installation, ...args: string[]): Promise<T> =>
  JSON.parse(await tfk.ok(...args, '--json')) as T;

const releases = (tfk: Installation, app: string): Promise<Release[]> =>
  json<Release[]>(tfk, 'releases', '-a', app);

const until = async (what: () => Promise<string> | string, wanted: RegExp): Promise<void> => {
  await expect.poll(what, { timeout: 60_000, interval: 100 }).toMatch(wanted);
};

/** An app that runs, and what it is pushed next. */
class Victim {
  private constructor(
    private readonly tfk: Installation,
    readonly app: string,
    readonly source: string,
  ) {}

  static async create(tfk: Installation, app: string): Promise<Victim> {
    await tfk.ok('apps:create', app);
    const source = tfk.source(app, aSmallApp('works'));
    await tfk.ok('push', source, '-a', app);
    return new Victim(tfk, app, source);
  }

  /** Pushes it with these files changed. */
  push(files: Readonly<Record<string, string>>): Promise<Ran> {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.source, name), text);
    return this.tfk.tfk('push', this.source, '-a', this.app);
  }

  async stillWorks(): Promise<void> {
    expect(await this.tfk.get(this.app)).toMatchObject({ status: 200, body: 'works' });
  }

  log(): Promise<string> {
    return this.tfk.ok('logs', '-n', '200', '-a', this.app);
  }
}

/** Does any process have this in its command line? */
function alive(text: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => commandLine(pid).includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

async function aTakenPort(): Promise<{ port: number; free: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, free: () => void server.close() };
}

describe('bad input', () => {
  let tfk: Installation;
  beforeAll(async () => {
    tfk = new Installation(SHORT);
    await tfk.ok('apps:create', 'empty');
  });
  afterAll(() => tfk.remove());

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
      const before = await tfk.ok('releases', '--json', '-a', 'empty');
      const ran = await tfk.tfk(...args);
      expect(ran.stderr).toMatch(text);
      expect(ran.code).toBe(code);
      expect(await tfk.ok('releases', '--json', '-a', 'empty')).toBe(before);
    });

    it('names the app whose domain it is already', async () => {
      await tfk.ok('domains:add', 'shop.example.com', '-a', 'empty');
      await tfk.ok('apps:create', 'second');
      const ran = await tfk.tfk('domains:add', 'SHOP.example.com.', '-a', 'second');
      expect(ran).toMatchObject({ code: 1 });
      expect(ran.stderr).toMatch(/shop\.example\.com is the domain of another app, empty[^]*domains:remove/);
    });
  });

  describe('of config', () => {
    it('refuses a value of 1 MiB, and keeps all as it was', async () => {
      const input = `BIG=${'x'.repeat(1024 * 1024)}\n`;
      const ran = await tfk.tfkWith({ input }, 'config:set', '-', '-a', 'empty');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/BIG has 1048576 bytes; the limit is 65536\. Nothing was changed/);
      expect(await tfk.ok('config', '--json', '-a', 'empty')).not.toContain('BIG');
    });

    it('gives values with newlines, quotes and unicode to the dyno byte by byte', async () => {
      const value = ' one\n\ttwo "three" \'$HOME\' `id` \\n ünïcödé 🦊 = \n';
      const { app } = await Victim.create(tfk, 'bytes');
      await tfk.ok('config:set', `TEXT=${value}`, '-a', app);
      await tfk.ok('ps:wait', '-a', app);
      const seen = JSON.parse((await tfk.get(app, '/env')).body) as Record<string, string>;
      expect(seen['TEXT']).toBe(value);
      expect(await tfk.ok('config:get', 'TEXT', '-a', app)).toBe(`${value}\n`);
    });
  });

  describe('of sources', () => {
    it('refuses a folder of 600 MB before anything is sent', async () => {
      const source = tfk.source('large', aSmallApp('x'));
      writeFileSync(join(source, 'huge.bin'), '');
      truncateSync(join(source, 'huge.bin'), 600 * 1024 * 1024);
      const ran = await tfk.tfk('push', source, '-a', 'empty');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/huge\.bin[^]*\.slugignore[^]*Nothing was sent/);
      expect(readdirSync(join(tfk.home, 'sources'))).not.toContainEqual(expect.stringMatching(/tmp$/));
    });

    it('ends a build that hangs with all that it started, though it ignores SIGTERM', async () => {
      const hang = `trap '' TERM; (setsid sleep 98765 &); sleep 98765`;
      const ran = await tfk.tfk('push', tfk.source('hang', withBuild(hang)), '-a', 'empty');
      expect(ran.code).toBe(1);
      expect(said(ran)).toMatch(/took longer than 10 s and was ended/);
      expect(alive('sleep 98765')).toBe(false);
      expect(await releases(tfk, 'empty')).toHaveLength(1);
    });

    it('ends a build that writes 1 GB of log, keeps little of it, and answers others meanwhile', async () => {
      const source = tfk.source('flood', withBuild('yes "$(printf %04000d 0)" | head -c 1000000000'));
      const push = tfk.tfk('push', source, '-a', 'empty');
      const began = Date.now();
      await tfk.ok('ps', '-a', 'empty');
      expect(Date.now() - began).toBeLessThan(10_000);
      const ran = await push;
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/printed more than 100 MB and was ended/);
      expect(said(ran).length).toBeLessThan(11 * 1024 * 1024);
    });

    it('shows why an install failed', async () => {
      const manifest = { name: 'small', version: '1.0.0', dependencies: { missing: 'file:./not-here' } };
      const source = tfk.source('install', aSmallApp('x', { 'package.json': JSON.stringify(manifest) }));
      const ran = await tfk.tfk('push', source, '-a', 'empty');
      expect(ran.code).toBe(1);
      expect(said(ran)).toMatch(
        /npm ci[^]*npm error[^]*Installing dependencies: `npm ci.*` exited with status 1/,
      );
    });
  });

  describe('of running', () => {
    let victim: Victim;
    beforeAll(async () => {
      victim = await Victim.create(tfk, 'victim');
    });

    it('says 127 for a command that does not exist', async () => {
      const ran = await tfk.tfk('run', '-a', 'victim', 'no-such-command');
      expect(ran.code).toBe(127);
      expect(said(ran)).toMatch(/no-such-command: not found/);
    });

    it('ends a web that never binds with R10, while the old release serves', async () => {
      const ran = await victim.push({ 'web.js': 'setInterval(() => {}, 1000)' });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/R10[^]*v2 still serves/);
      expect(await victim.log()).toMatch(/R10 \(Boot timeout\).*within 4 seconds/);
      await victim.stillWorks();
    });

    it('names the port on which a web listens instead, also in the log', async () => {
      const { port, free } = await aTakenPort();
      free();
      const ran = await victim.push({ 'web.js': `require('node:http').createServer().listen(${port})` });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(new RegExp(`listens on ${port} instead of \\$PORT`));
      expect(await victim.log()).toMatch(new RegExp(`heroku\\[web\\.1\\]: .*listens on ${port} instead`));
      await victim.stillWorks();
    });

    it('refuses a rollback to a failed and to a missing release', async () => {
      expect((await victim.push({ Procfile: 'web: node web.js\nrelease: exit 4\n' })).code).toBe(1);
      const [failed] = await releases(tfk, 'victim');
      const before = await releases(tfk, 'victim');
      const ran = await tfk.tfk('rollback', `v${failed?.version ?? 0}`, '-a', 'victim');
      expect(ran).toMatchObject({ code: 1 });
      expect(ran.stderr).toMatch(/failed, so there is nothing to go back to\. Nothing was changed/);
      expect((await tfk.tfk('rollback', 'v99', '-a', 'victim')).code).toBe(1);
      expect(await releases(tfk, 'victim')).toEqual(before);
      await victim.stillWorks();
    });

    it('ends a release command that hangs, at its time limit', async () => {
      const ran = await victim.push({ Procfile: 'web: node web.js\nrelease: sleep 87654\n' });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/release command took longer than 6 seconds/);
      expect(alive('sleep 87654')).toBe(false);
      await victim.stillWorks();
    });

    it('ends a release command that hangs by ps:stop, and says who did', async () => {
      const push = victim.push({ Procfile: 'web: node web.js\nrelease: sleep 76543\n' });
      await until(async () => tfk.ok('ps', '-a', 'victim'), /release\.\d+ .*up/);
      const [newest] = await releases(tfk, 'victim');
      await tfk.ok('ps:stop', `release.${newest?.version ?? 0}`, '-a', 'victim');
      const ran = await push;
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/release command was stopped by a user/);
      await victim.stillWorks();
    });

    it('starts a web again that binds and dies, and tells the next try', async () => {
      const dies = `require('node:http').createServer().listen(process.env.PORT, () => setTimeout(() => process.exit(3), 300))`;
      await victim.push({ Procfile: 'web: node web.js\n', 'web.js': dies });
      await until(() => tfk.ok('ps', '-a', 'victim'), /web\.1: crashed .*exited with status 3; next try in/);
    });

    it('kills a dyno that ignores SIGTERM with R12', async () => {
      const stubborn = `process.on('SIGTERM', () => {}); require('node:http').createServer((q, r) => r.end('works')).listen(process.env.PORT)`;
      expect(await victim.push({ 'web.js': stubborn })).toMatchObject({ code: 0 });
      await tfk.ok('ps:restart', 'web', '-a', 'victim');
      await until(() => victim.log(), /R12 \(Exit timeout\).*within 2 seconds of SIGTERM[^]*status 137/);
      await victim.stillWorks();
    });
  });

  describe('at a bad time', () => {
    // Each app's with a file of its own: the same content is not built twice, not even for another app.
    const slow = withBuild('sleep 2');

    it('queues a second push visibly, and ends both', async () => {
      await tfk.ok('apps:create', 'twice');
      const one = tfk.source('one', slow);
      const two = tfk.source('two', { ...slow, extra: 'x' });
      const first = tfk.tfk('push', one, '-a', 'twice');
      await until(() => tfk.ok('builds', '-a', 'twice'), /running/);
      const second = tfk.tfk('push', two, '-a', 'twice');
      await until(() => tfk.ok('builds', '-a', 'twice'), /waiting \(1\)/);
      expect(await first).toMatchObject({ code: 0 });
      const ran = await second;
      expect(ran).toMatchObject({ code: 0 });
      expect(said(ran)).toMatch(/Waiting for another build to end: number 1 in the queue/);
      expect((await releases(tfk, 'twice')).map((release) => release.status)).toEqual([
        'succeeded',
        'succeeded',
        'succeeded',
      ]);
    });

    it('goes on building when the client is gone', async () => {
      await tfk.ok('apps:create', 'orphan');
      const client = tfk.begin('push', tfk.source('orphan', { ...slow, extra: 'orphan' }), '-a', 'orphan');
      await until(() => tfk.ok('builds', '-a', 'orphan'), /running/);
      client.kill('SIGKILL');
      await until(() => tfk.ok('builds', '-a', 'orphan'), /succeeded/);
      await tfk.ok('ps:wait', '-a', 'orphan');
      expect(await tfk.get('orphan')).toMatchObject({ body: 'built' });
    });

    it('ends a build as failed when tfkd is killed in it, and the next push works', async () => {
      await tfk.ok('apps:create', 'killed');
      const source = tfk.source('killed', { ...slow, extra: 'killed' });
      const push = tfk.tfk('push', source, '-a', 'killed');
      await until(() => tfk.ok('builds', '-a', 'killed'), /running/);
      process.kill(tfk.running.pid, 'SIGKILL');
      const ran = await push;
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/tfkd ended before this build had: push again/);
      expect((await json<Build[]>(tfk, 'builds', '-a', 'killed')).map((build) => build.status)).toEqual([
        'failed',
      ]);
      expect(await tfk.tfk('push', source, '-a', 'killed')).toMatchObject({ code: 0 });
      expect(await tfk.get('killed')).toMatchObject({ body: 'built' });
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
