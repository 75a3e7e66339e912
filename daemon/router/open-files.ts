import { readFileSync } from 'node:fs';

/** Where it cannot be read (not Linux), what every such system allows. */
const ASSUMED = 1_024;

/** How many descriptors this process may have open. */
export function openFileLimit(path = '/proc/self/limits'): number {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync(path, 'utf8'));
    return match ? Number(match[1]) : ASSUMED;
  } catch {
    return ASSUMED;
  }
}
