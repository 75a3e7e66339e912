import { describe, expect, it } from 'vitest';
import { isTooOld, versionIn } from '../../../../daemon/addons/redis/binaries.js';
import { RedisContainer } from '../../../../daemon/addons/redis/container-kind.js';
import { credentialsOf, redisUrl } from '../../../../daemon/addons/redis/credentials.js';
import { factsIn } from '../../../../daemon/addons/redis/facts.js';
import { maxMemoryOf, REDIS_PLANS } from '../../../../daemon/addons/redis/plans.js';
import { reasonIn } from '../../../../daemon/addons/redis/reason.js';
import {
  addressesIn,
  areAlike,
  serverConf,
  sha256,
  titleOf,
} from '../../../../daemon/addons/redis/settings.js';
import { portIn } from '../../../../daemon/addons/servers/ports-in-use.js';
import type { ServiceHost } from '../../../../daemon/engines/service-host.js';

const SETTINGS = {
  port: 23_456,
  addresses: ['127.0.0.1', '::1'],
  dataFolder: '/a/data',
  logFile: '/a/log/redis.log',
  maxMemory: 25 * 1024 ** 2,
  secrets: { password: 'pencil', keeper: 'sharpener' },
};

describe('the server’s settings', () => {
  const conf = serverConf(SETTINGS);

  it('keep every write, and refuse what does not fit', () => {
    expect(conf).toContain(
      '\nappendonly "yes"\nappendfsync "everysec"\nsave ""\nmaxmemory-policy "noeviction"\n',
    );
    expect(conf).toContain('\nmaxmemory "26214400"\n');
  });

  it('listen on loopback only, and tell port and addresses again', () => {
    expect(conf).toContain('\nbind 127.0.0.1 ::1\n');
    expect(addressesIn(conf)).toEqual(['127.0.0.1', '::1']);
    expect(addressesIn('')).toEqual([]);
    expect(portIn(conf)).toBe(23_456);
  });

  it('hold a hash in the password’s place', () => {
    expect(conf).toContain(`user default on #${sha256('pencil')} `);
    expect(conf).not.toMatch(/pencil|sharpener/);
    const rotated = serverConf({ ...SETTINGS, secrets: { ...SETTINGS.secrets, former: 'chalk' } });
    expect(rotated).toContain(`on #${sha256('pencil')} #${sha256('chalk')} ~*`);
  });

  it('are one line each, whatever the folder is called', () => {
    expect(serverConf({ ...SETTINGS, dataFolder: '/it"s a \\folder' })).toContain(
      'dir "/it\\"s a \\\\folder"\n',
    );
  });

  it('are alike where only the addresses differ, and not where the password or the size does', () => {
    expect(areAlike(conf, serverConf({ ...SETTINGS, addresses: ['127.0.0.1'] }))).toBe(true);
    expect(
      areAlike(conf, serverConf({ ...SETTINGS, secrets: { ...SETTINGS.secrets, password: 'other' } })),
    ).toBe(false);
    expect(areAlike(conf, serverConf({ ...SETTINGS, maxMemory: 1 }))).toBe(false);
  });

  it('mark a copy of a data folder as another server', () => {
    expect(titleOf('/a/data')).not.toBe(titleOf('/b/data'));
  });
});

describe('the plans', () => {
  it('are Heroku’s by name and size, and one of this machine’s own as the default', () => {
    expect(REDIS_PLANS.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(['redis:local']);
    expect(REDIS_PLANS.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['redis:mini', 'redis:premium-0']),
    );
    expect(REDIS_PLANS[0]?.description).toBe('A Redis server on this machine, for 256 MB of data');
    expect(maxMemoryOf('redis:mini')).toBe(25 * 1024 ** 2);
    expect(maxMemoryOf('redis:premium-7')).toBe(7 * 1024 ** 3);
  });

  it('that this version does not know are as the default', () => {
    expect(maxMemoryOf('redis:retired-9')).toBe(maxMemoryOf('redis:local'));
  });
});

describe('the programs', () => {
  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d', '7.0.15', false],
    ['Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64', '8.0.1', false],
    ['Redis server v=6.0.16 sha=0', '6.0.16', true],
    ['Redis server v=6.2.0 sha=0', '6.2.0', false],
    ['Redis server v=5.0 sha=0', '5.0', true],
  ])('tell their version: %s', (printed, version, tooOld) => {
    expect(versionIn(printed)).toBe(version);
    expect(isTooOld(version)).toBe(tooOld);
  });

  it('that are something else tell none', () => {
    expect(versionIn('psql (PostgreSQL) 15.18')).toBeUndefined();
  });
});

describe('why it did not start', () => {
  const line = (text: string, level = '#') => `7:M 28 Nov 2026 10:00:00.000 ${level} ${text}`;

  it.each([
    [
      [
        line('oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo', '*'),
        line('WARNING Memory overcommit must be enabled!'),
        line("Can't open or create append-only dir appendonlydir: No space left on device"),
      ],
      "Can't open or create append-only dir appendonlydir: No space left on device",
    ],
    [
      [
        line("Can't handle RDB format version 12"),
        line('Fatal error loading the DB, check server logs. Exiting.'),
      ],
      "Can't handle RDB format version 12",
    ],
    [
      [
        '',
        '*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***',
        'Reading the configuration file, at line 3',
        ">>> 'nonsense yes'",
        'Bad directive or wrong number of arguments',
      ],
      'Bad directive or wrong number of arguments',
    ],
    [
      [
        line("Can't save: an older trouble"),
        line('oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo', '*'),
        line('Failed listening on port 23456 (TCP), aborting.'),
      ],
      'Failed listening on port 23456 (TCP), aborting',
    ],
    [[], 'it ended without a word'],
  ])('is the last failure of its last start', (lines, reason) => {
    expect(reasonIn(lines.join('\n'))).toBe(reason);
  });
});

describe('what INFO tells', () => {
  const info = (more: string) =>
    `# Server\r\nredis_version:7.0.15\r\n# Clients\r\nconnected_clients:3\r\nused_memory:1048576\r\nmaxmemory:2097152\r\n${more}\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb1:keys=2,expires=1,avg_ttl=5\r\n`;

  it('are version, memory, keys of all databases, and the other connections', () => {
    expect(factsIn(info('aof_last_write_status:ok'))).toEqual({
      version: '7.0.15',
      status: 'Available',
      usedBytes: 1_048_576,
      maxBytes: 2_097_152,
      keys: 5,
      connections: 2,
    });
    expect(factsIn(info('valkey_version:8.0.1')).version).toBe('Valkey 8.0.1');
  });

  it('is also that the disk, or its memory, is full', () => {
    expect(factsIn(info('aof_last_write_status:err')).status).toMatch(/^Refuses writes: .*disk full/);
    expect(factsIn(info('used_memory:2097152')).status).toMatch(/^Available \(full/);
  });
});

describe('its container', () => {
  const services = {} as ServiceHost;
  const server = {
    id: 'id',
    name: 'redis-calm-1',
    hostName: 'redis-calm-1',
    plan: 'redis:mini',
    apps: ['app'],
  };
  const image = { image: 'redis:7', program: 'redis-server' };
  const spec = (keeper: string, plan = server.plan) =>
    new RedisContainer(services, null).spec({ ...server, plan }, image, {
      port: 20_001,
      password: 'pencil',
      keeper,
    });

  it('has the password as a hash in a file, and nowhere else', () => {
    const { files, ...rest } = spec('sharpener');
    expect(JSON.stringify(spec('sharpener'))).not.toMatch(/pencil|sharpener/);
    expect(Object.values(files).join('')).toContain(`#${sha256('pencil')} `);
    expect(JSON.stringify(rest)).not.toContain(sha256('pencil'));
    expect(JSON.stringify(rest)).not.toContain(sha256('sharpener'));
  });

  it('is another one when it is made again, and with another plan', () => {
    expect(spec('one').env).not.toEqual(spec('other').env);
    expect(spec('one', 'redis:premium-0').command).not.toEqual(spec('one').command);
    expect(spec('one').memoryBytes).toBeGreaterThan(2 * maxMemoryOf('redis:mini'));
  });

  it.each([
    [{ REDIS_VERSION: '7.2' }, 'redis-server'],
    [{ VALKEY_VERSION: '8.0' }, 'valkey-server'],
    [{}, 'redis-server'],
  ])('runs the server that its image has: %j', async (env, program) => {
    const here = { image: async () => ({ env, volumes: ['/data'] }) } as unknown as ServiceHost;
    const request = { progress: () => undefined, signal: new AbortController().signal };
    expect(await new RedisContainer(here, 'mine:1').imageForNew(request)).toEqual({
      image: 'mine:1',
      program,
    });
  });
});

describe('credentials', () => {
  const addon = (data: Record<string, string | number>) => ({
    id: 'id',
    name: 'redis-calm-1',
    hostName: 'redis-calm-1',
    plan: 'redis:local',
    data,
    engine: 'process' as const,
    apps: [],
  });

  it('make a URL without a user’s name', () => {
    const address = { host: 'localhost', port: 20_001 };
    expect(redisUrl(credentialsOf(addon({ port: 1, password: 'p', keeper: 'k' })), address)).toBe(
      'redis://:p@localhost:20001',
    );
  });

  it('that the record does not have are told without what it has', () => {
    expect(() => credentialsOf(addon({ password: 'secret' }))).toThrow(
      /^The record of redis-calm-1 does not say/,
    );
  });
});
