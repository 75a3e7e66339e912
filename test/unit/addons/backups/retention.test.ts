import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tooOld } from '../../../../daemon/addons/backups/retention.js';

const aBackup = fc.record({
  origin: fc.constantFrom('manual' as const, 'scheduled' as const, 'uploaded' as const),
  state: fc.constantFrom(
    'verified' as const,
    'unverified' as const,
    'failed' as const,
    'pending' as const,
    'running' as const,
  ),
  finishedAt: fc.constantFrom(null, 1),
});

test('whatever is made, the newest verified backup stays, and of each kind no more than are kept besides', () => {
  fc.assert(
    fc.property(fc.array(aBackup, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (made, kept) => {
      let backups: typeof made = [];
      for (const backup of made) {
        backups = [backup, ...backups];
        const doomed = new Set(tooOld(backups, backup.origin, kept));
        const proved = backups.find(({ state, finishedAt }) => state === 'verified' && finishedAt !== null);
        backups = backups.filter((other) => !doomed.has(other));
        if (proved) expect(backups).toContain(proved);
        const good = backups.filter(
          ({ origin, state, finishedAt }) =>
            origin === backup.origin && state !== 'failed' && finishedAt !== null,
        );
        expect(good.length).toBeLessThanOrEqual(kept + 1);
        for (const { finishedAt } of doomed) expect(finishedAt).not.toBeNull();
      }
    }),
  );
});

test('those which are neither proved nor new go', () => {
  const unproved = (n: number) => ({ n, origin: 'manual', state: 'unverified', finishedAt: 1 }) as const;
  const proved = { ...unproved(1), state: 'verified' } as const;
  const older = { ...unproved(0), state: 'verified' } as const;
  const backups = [unproved(4), unproved(3), unproved(2), proved, older];
  expect(tooOld(backups, 'manual', 2).map(({ n }) => n)).toEqual([2, 0]);
});
