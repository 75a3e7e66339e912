import { expect, test } from 'vitest';
import type { DynoFolder, DynoRecord } from '../../../../daemon/engines/process/dynos/dyno-folder.js';
import { Observer } from '../../../../daemon/engines/process/dynos/observe.js';
import type { Processes } from '../../../../daemon/engines/process/host/processes.js';

const BOOT = 'boot-1';
const STARTER = { pid: 1, startTime: '1' };

/** A folder whose file `pid` is there from its second look on: the start ends while somebody looks. */
function folderStartedMeanwhile(written: Map<string, string>): DynoFolder {
  let looks = 0;
  const texts = (name: string): string | null => {
    if (name === 'pid') return ++looks >= 2 ? '42 7\n' : null;
    return written.get(name) ?? null;
  };
  return {
    instance: 'i1',
    text: (name: string) => Promise.resolve(texts(name)),
    has: (name: string) => Promise.resolve(written.has(name)),
    modifiedAt: () => Promise.resolve(written.has('exit') ? 1 : null),
    write: (name: string, text: string) => Promise.resolve(void written.set(name, text)),
  } as unknown as DynoFolder;
}

test('a dyno that is started while it is looked at is not noted as ended', async () => {
  const written = new Map<string, string>();
  const processes = { liveness: () => Promise.resolve('alive') } as unknown as Processes;
  const observer = new Observer({ processes, cgroups: null, bootId: BOOT });
  const record = { bootId: BOOT, startedBy: STARTER } as unknown as DynoRecord;
  const folder = folderStartedMeanwhile(written);
  expect(await observer.observe(folder, record)).toMatchObject({ kind: 'unknown' });
  expect(written.has('exit')).toBe(false);
  expect(await observer.observe(folder, record)).toEqual({ kind: 'running' });
});
