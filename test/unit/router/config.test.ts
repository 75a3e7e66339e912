import { expect, test } from 'vitest';
import { readConfig } from '../../../daemon/router/config.js';

test('without more than a home, the router listens on both loopback addresses of port 8080', () => {
  const config = readConfig(['--home=/h'], {});
  expect([config.port, config.workers, config.logLevel]).toEqual([8080, 2, 'info']);
  expect(config.addresses.map(({ host }) => host)).toEqual(['127.0.0.1', '::1']);
});

test('figures can be changed by name', () => {
  const config = readConfig(['--home=/h', '--limit=firstByteMs=300', '--host=127.0.0.2'], {
    TFK_LOG_LEVEL: 'debug',
  });
  expect([config.limits.firstByteMs, config.limits.connectMs, config.logLevel]).toEqual([
    300,
    5_000,
    'debug',
  ]);
  expect(config.addresses).toEqual([{ host: '127.0.0.2', optional: false }]);
});

test.each([
  [[], '--home is missing'],
  [['--home=/h', '--port=65536'], '--port must be a whole number from 0 to 65535'],
  [['--home=/h', '--port=x'], '--port must be'],
  [['--home=/h', '--workers=0'], '--workers must be'],
  [['--home=/h', '--limit=speed=1'], 'there is no such limit'],
  [['--home=/h', '--limit=__proto__=1'], 'there is no such limit'],
  [['--home=/h', '--nonsense'], '--nonsense'],
])('%j is refused in one line', (argv, message) => {
  expect(() => readConfig(argv, {})).toThrow(message);
});
