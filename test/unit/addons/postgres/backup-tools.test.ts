import { expect, test } from 'vitest';
import { toolFailed } from '../../../../daemon/addons/postgres/backups/tools.js';

test('a tool that failed is told of in its own words, and nothing of the rows it had before it', () => {
  const said = [
    'pg_restore: error: COPY failed for table "users": ERROR:  duplicate key value violates unique constraint "users_email"',
    'DETAIL:  Key (email)=(ada@example.com) already exists.',
    'CONTEXT:  COPY users, line 3: "3\tada@example.com"',
  ].join('\n');
  expect(toolFailed('pg_restore', said).message).toBe(
    'pg_restore failed: COPY failed for table "users": ERROR:  duplicate key value violates unique constraint "users_email"',
  );
});

test('a disk that was full is known as such', () => {
  expect(toolFailed('pg_dump', 'pg_dump: error: No space left on device')).toMatchObject({
    id: 'insufficient_storage',
  });
});
