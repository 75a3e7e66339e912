import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf } from '../../daemon/shared/errors.js';
import { aSmallApp, Installation } from '../support/installation.js';

const MIB = 1024 * 1024;

/** A disk of its own of this size; null where this user may not mount. */
function mounted(mebibytes: number): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'tfk-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=711`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
}

const disk = mounted(420);
if (disk === null) process.stderr.write('full-disk.test.ts is skipped: only root can mount a small disk.\n');

describe.skipIf(disk === null)('a full disk', () => {
  const place = disk ?? '';
  let tfk: Installation;
  let source: string;
  beforeAll(async () => {
    tfk = new Installation({}, place);
    source = tfk.source('full', aSmallApp('works'));
    await tfk.ok('apps:create', 'full');
    await tfk.ok('push', source, '-a', 'full');
  });
  afterAll(async () => {
    await tfk.remove();
    execFileSync('umount', [place]);
    rmSync(place, { recursive: true });
  });

  const free = (): number => {
    const { bavail, bsize } = statfsSync(place);
    return bavail * bsize;
  };

  /** Leaves that many bytes free; 0: not one. */
  const fill = (left: number): void => {
    const filler = join(place, `filler-${left}`);
    try {
      while (free() > left) appendFileSync(filler, Buffer.alloc(Math.min(MIB, free() - left)));
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC') throw error;
    }
  };
  const empty = (): void => {
    for (const left of [100 * MIB, 0]) rmSync(join(place, `filler-${left}`), { force: true });
  };

  it('refuses a push early while there is still room for the rest', async () => {
    fill(100 * MIB);
    const ran = await tfk.tfk('push', source, '-a', 'full');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/disk is too full for this push[^]*Nothing was built[^]*Free some space/);
    expect(await tfk.get('full')).toMatchObject({ status: 200, body: 'works' });
  });

  it('refuses each change by its name when not a byte is left, and the app goes on', async () => {
    fill(0);
    for (const change of [['push', source], ['config:set', 'A=1'], ['ps:restart'], ['scale', 'web=2']]) {
      const ran = await tfk.tfk(...change, '-a', 'full');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/disk is (too )?full[^]*Free some space/);
    }
    for (let request = 0; request < 5; request++)
      expect(await tfk.get('full', '/log')).toMatchObject({ status: 200, body: 'works' });
    expect(await tfk.ok('ps', '-a', 'full')).toMatch(/web\.1: up/);
    expect(await tfk.ok('config', '--json', '-a', 'full')).not.toContain('"A"');
  });

  it('goes on by itself when there is room again: logs, changes and pushes', async () => {
    empty();
    const lines = async (): Promise<number> =>
      (await tfk.ok('logs', '-n', '500', '-a', 'full')).match(/app\[web\.1\]: a line/g)?.length ?? 0;
    const before = await lines();
    await expect
      .poll(async () => [(await tfk.get('full', '/log')).status, (await lines()) > before], {
        timeout: 60_000,
      })
      .toEqual([200, true]);
    await tfk.ok('config:set', 'A=1', '-a', 'full');
    writeFileSync(join(source, 'extra'), 'x');
    await tfk.ok('push', source, '-a', 'full');
    expect(await tfk.get('full')).toMatchObject({ status: 200, body: 'works' });
  });
});
