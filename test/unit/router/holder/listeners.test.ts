import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { bindAll, bindSocket } from '../../../../daemon/router/holder/listeners.js';

test('a bound socket has a descriptor and a port, and refuses until somebody listens on it', async () => {
  const bound = bindSocket('127.0.0.1', 0);
  expect(bound.fd).toBeGreaterThan(2);
  const early = connect(bound.port, '127.0.0.1');
  const [error] = (await once(early, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');

  const server = createServer((socket) => socket.end('served'));
  server.listen({ fd: bound.fd });
  await once(server, 'listening');
  const client = connect(bound.port, '127.0.0.1');
  const [data] = (await once(client, 'data')) as [Buffer];
  expect(data.toString()).toBe('served');
  server.close();
});

test('a port in use is told by its number', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(() => bindSocket('127.0.0.1', port)).toThrow(`port ${port} is taken on 127.0.0.1`);
  server.close();
});

test('an address the machine does not have is left out when it is optional', () => {
  const addresses = (optional: boolean) => [
    { host: '127.0.0.1', optional: false },
    { host: '192.0.2.1', optional },
  ];
  const bound = bindAll(addresses(true), 0);
  expect(bound.map(({ host }) => host)).toEqual(['127.0.0.1']);
  bound.forEach((socket) => socket.close());
  expect(() => bindAll(addresses(false), 0)).toThrow('this machine has no address 192.0.2.1');
});
