import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFrom } from '../src/config.js';

test('a database URL is all it takes', () => {
  const config = configFrom({ DATABASE_URL: 'postgres://u:p@localhost/d' });
  assert.deepEqual([config.port, config.logLevel, config.poolSize], [3000, 'info', 5]);
});

test('everything that is wrong is told at once', () => {
  assert.throws(() => configFrom({ PORT: 'http', LOG_LEVEL: 'loud', DATABASE_POOL_SIZE: '0' }), {
    message: `The environment is not right:
  - PORT must be a whole number from 0 to 65535
  - DATABASE_POOL_SIZE must be a whole number from 1 to 100
  - DATABASE_URL is missing (tfk addons:create postgres sets it)
  - LOG_LEVEL must be one of trace, debug, info, warn, error, fatal
`,
  });
});

test('a wrong value is never printed, since it may be a password', () => {
  assert.throws(
    () => configFrom({ DATABASE_URL: 'mysql://u:hunter2@localhost/d' }),
    (error: Error) => {
      assert.match(error.message, /DATABASE_URL must be like postgres:/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
});
