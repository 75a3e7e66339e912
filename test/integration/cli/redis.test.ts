import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisAddon } from '../../../daemon/addons/redis/redis-addon.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { describeRedis, REDIS_ON_THIS_MACHINE } from '../../support/redis.js';
import { FakeTfkd } from './fake-tfkd.js';
import { cliCommand, runCli } from './run-cli.js';

let tfkd: FakeTfkd;

beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
});
afterEach(async () => {
  await tfkd.stop();
});

const hasScript = spawnSync('script', ['--version']).status === 0;

describe('redis:cli', () => {
  it('without a Redis says how to get one', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: {} });
    const ended = await runCli(['redis:cli', '-a', 'x', '-c', 'PING'], { home: tfkd.home });
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('Type: tfk addons:create redis -a x');
  });

  it('says that none answers, and not by which password it asked', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: { REDIS_URL: 'redis://:s3cret@127.0.0.1:1' } });
    const ended = await runCli(['redis:cli', '-a', 'x', '-c', 'PING'], { home: tfkd.home });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('Redis does not answer: connect ECONNREFUSED 127.0.0.1:1');
    expect(ended.stderr).not.toContain('s3cret');
  });

  it.skipIf(!hasScript)(
    'on a terminal is redis-cli, with the password in its environment alone',
    async () => {
      tfkd.on('GET /apps/x/config-vars', { json: { REDIS_URL: 'redis://:s3cret@redis-calm-1:6379' } });
      const local = { host: '127.0.0.1', port: 20_001 };
      const details = { name: 'redis-calm-1', config_vars: ['REDIS_URL'], local_address: local };
      tfkd.on('GET /tfk/apps/x/addons/REDIS_URL', { json: details });
      const bin = join(tfkd.home, 'bin');
      await mkdir(bin);
      const script = '#!/bin/sh\necho "args: $*; auth: $REDISCLI_AUTH"\nexit 3\n';
      await writeFile(join(bin, 'redis-cli'), script, { mode: 0o755 });
      const terminal = spawn('script', ['-qec', cliCommand(['redis:cli', '-a', 'x']), '/dev/null'], {
        env: { ...process.env, TFK_HOME: tfkd.home, SHELL: '/bin/sh', PATH: `${bin}:${process.env['PATH']}` },
      });
      const code = new Promise((resolve) => terminal.once('close', resolve));
      expect(await text(terminal.stdout)).toContain('args: -h 127.0.0.1 -p 20001; auth: s3cret');
      expect(await code).toBe(3);
    },
  );
});

await describeRedis('redis:cli with a real Redis', () => {
  let home: string;
  let url: string;
  let remove: () => Promise<void>;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'tfk-redis-cli-'));
    await chmod(home, 0o711);
    const service = new RedisAddon({
      addonsDir: join(home, 'addons'),
      systemDir: join(home, 'system'),
      clock: systemClock,
      binaries: REDIS_ON_THIS_MACHINE,
      redisImage: null,
    });
    const request = {
      id: newId(),
      name: 'redis-calm-1',
      plan: 'redis:mini',
      engine: 'process' as const,
      apps: [],
    };
    const { data } = await service.provision({
      ...request,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    const addon = { ...request, hostName: request.name, data };
    url = service.configVars(addon, 'REDIS', 'process')['REDIS_URL'] ?? '';
    remove = () => service.deprovision(addon);
  });
  afterAll(async () => {
    await remove();
    await rm(home, { recursive: true });
  });
  beforeEach(() => {
    tfkd.on('GET /apps/x/config-vars', { json: { REDIS_URL: url } });
  });

  const cli = (more: string[], stdin?: string) =>
    runCli(['redis:cli', '-a', 'x', ...more], { home: tfkd.home, ...(stdin === undefined ? {} : { stdin }) });

  it('runs one command', async () => {
    expect(await cli(['-c', 'PING'])).toEqual({ code: 0, stdout: 'PONG\n', stderr: '' });
  });

  it('runs those of a pipe, and tells by its exit code that one failed', async () => {
    const ended = await cli([], 'SET "a key" 1\nINCR "a key"\n\nLPUSH "a key" x\nGET "a key"\nSHUTDOWN\n');
    expect(ended.stdout).toBe('OK\n2\n2\n');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^\(error\) WRONGTYPE .*\n\(error\) NOPERM /);
  });

  it('does not wait for what never ends', async () => {
    const ended = await cli(['-c', 'MONITOR']);
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('needs redis-cli') as string });
  });
});
