import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A home folder of the test's own, gone after it. */
export function tempHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  mkdirSync(join(home, 'run'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}
