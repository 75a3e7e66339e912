import { sizeText } from './size-text.js';

/** What a database needs to write at all: two segments of PostgreSQL's log. */
const LEAST_BYTES = 32 * 1024 * 1024;

/** Of a server that answers. `freeBytes`: room on the disk of its data; null where it cannot be told. */
export function availability(freeBytes: number | null): string {
  if (freeBytes === null || freeBytes >= LEAST_BYTES) return 'Available';
  return `Available (its disk is full, ${sizeText(freeBytes)} free: writes fail until there is room)`;
}

/** From what `df -Pk FOLDER` prints (POSIX: the fourth column of the second line, in units of 1024 bytes). */
export function freeBytesIn(text: string): number | null {
  const [, line = ''] = text.trim().split('\n');
  const available = line.trim().split(/\s+/)[3] ?? '';
  return /^\d+$/.test(available) ? Number(available) * 1024 : null;
}
