import { expect, test } from 'vitest';
import { availability, freeBytesIn } from '../../../../daemon/addons/servers/free-space.js';

test('the status of a database whose disk is full says so, with what is left', () => {
  expect(availability(3 * 1024 * 1024)).toBe(
    'Available (its disk is full, 3.0 MB free: writes fail until there is room)',
  );
  expect(availability(32 * 1024 * 1024)).toBe('Available');
  expect(availability(null)).toBe('Available');
});

test('free room is read from df, and from nothing that is not its table', () => {
  const table = `Filesystem     1024-blocks      Used Available Capacity Mounted on
overlay          263174212  16000000 235000123       7% /var/lib/postgresql/data
`;
  expect(freeBytesIn(table)).toBe(235_000_123 * 1024);
  expect(freeBytesIn('df: /nowhere: No such file or directory\n')).toBeNull();
  expect(freeBytesIn('')).toBeNull();
});
