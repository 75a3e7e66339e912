import { describe, expect, it } from 'vitest';
import { Names } from '../../../../daemon/engines/docker/names.js';
import { hostIn } from '../../../../daemon/engines/docker/services/bridge.js';
import { withTag } from '../../../../daemon/engines/docker/services/images.js';
import { notStarted } from '../../../../daemon/engines/docker/services/not-started.js';
import {
  containerOptions,
  fingerprint,
} from '../../../../daemon/engines/docker/services/service-container.js';
import type { ServiceSpec } from '../../../../daemon/engines/service-host.js';
import { TfkError } from '../../../../daemon/shared/errors.js';

const spec: ServiceSpec = {
  id: '0b5c4b9e-6a1f-4a39-9f43-2f4f4f3f2f1f',
  image: 'postgres:15',
  command: ['postgres'],
  env: { A: '1', B: '2' },
  files: { '/etc/secret': 'hunter2' },
  dataPath: '/data',
  port: 5432,
  hostPort: 23_456,
  alias: 'postgres-calm-1',
  apps: ['one'],
  memoryBytes: 1024,
};

describe('the container of a service', () => {
  const options = containerOptions(new Names('0123456789ab'), spec, 'network-id');

  it('is published on loopback alone, and never holds its files in what docker inspect shows', () => {
    expect(options.HostConfig?.PortBindings).toEqual({
      '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '23456' }],
    });
    expect(JSON.stringify(options)).not.toContain('hunter2');
  });

  it('has one volume, named like itself, and limits', () => {
    expect(options.HostConfig?.Mounts).toEqual([{ Type: 'volume', Source: options.name, Target: '/data' }]);
    expect(options.HostConfig).toMatchObject({ Memory: 1024, MemorySwap: 1024, CapDrop: ['ALL'] });
  });

  it('is another one for another image, command, environment, port or size', () => {
    const changes: Partial<ServiceSpec>[] = [
      { image: 'postgres:16' },
      { command: null },
      { env: { A: '1', B: '3' } },
      { dataPath: '/elsewhere' },
      { port: 1 },
      { hostPort: 1 },
      { memoryBytes: 1 },
    ];
    const prints = [spec, ...changes.map((change) => ({ ...spec, ...change }))].map(fingerprint);
    expect(new Set(prints).size).toBe(changes.length + 1);
  });

  it('is the same one for other apps, other secrets, and its environment in another order', () => {
    const same = { ...spec, apps: [], files: {}, env: { B: '2', A: '1' } };
    expect(fingerprint(same)).toBe(fingerprint(spec));
  });
});

describe('the host on a bridge', () => {
  it('has the gateway’s address, which Docker may keep to itself', () => {
    expect(hostIn([{ Subnet: '10.9.0.0/16', Gateway: '10.9.0.5' }])).toBe('10.9.0.5');
    expect(hostIn([{ Subnet: 'fd00::/80', Gateway: 'fd00::1' }, { Subnet: '172.17.0.0/16' }])).toBe(
      '172.17.0.1',
    );
    expect(hostIn([])).toBeNull();
  });
});

describe('the name of an image', () => {
  it.each([
    ['postgres', 'postgres:latest'],
    ['postgres:15', 'postgres:15'],
    ['registry:5000/postgres', 'registry:5000/postgres:latest'],
    ['registry:5000/postgres:15', 'registry:5000/postgres:15'],
    ['postgres@sha256:abc', 'postgres@sha256:abc'],
  ])('%s is fetched as %s', (reference, fetched) => {
    expect(withTag(reference)).toBe(fetched);
  });
});

describe('a service that does not start', () => {
  const answer = (text: string) =>
    Object.assign(new Error(`(HTTP code 500) server error - ${text} `), { statusCode: 500 });

  it.each([
    ['driver failed: Bind for 127.0.0.1:80 failed: port is already allocated', 'conflict'],
    ['listen tcp4 127.0.0.1:80: bind: address already in use', 'conflict'],
    ['write /x: no space left on device', 'insufficient_storage'],
    ['OCI runtime create failed', 'unavailable'],
  ])('says so in Docker’s words: %s', (text, id) => {
    const error = notStarted('db', answer(text));
    expect(error).toBeInstanceOf(TfkError);
    expect(error).toMatchObject({ id, message: expect.stringContaining(text) as string });
  });

  it('leaves what is no answer of Docker as it is', () => {
    const error = new Error('bug');
    expect(notStarted('db', error)).toBe(error);
  });
});
