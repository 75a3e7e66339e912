import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterAttempt, SYNC_LIMIT_MS } from '../../../daemon/webhooks/delivery/schedule.js';

const NOW = 1_000_000_000_000;
const delivery = { level: 'sync', numAttempts: 0, createdAt: NOW } as const;
const reply = { code: 500, error: null, retryAfterMs: null };
const middle = { now: NOW, random: 0.5 };

describe('what follows from an attempt', () => {
  it.each([200, 201, 204, 299])('%d: it is done', (code) => {
    expect(afterAttempt(delivery, { ...reply, code }, middle)).toEqual({
      status: 'succeeded',
      code,
      error: null,
      nextAttemptAt: null,
    });
  });

  it.each([100, 301, 307, 400, 404, 410, 429, 500, 503])('%d: another one at level sync', (code) => {
    expect(afterAttempt(delivery, { ...reply, code }, middle)).toEqual({
      status: 'retrying',
      code,
      error: 'UnexpectedStatus',
      nextAttemptAt: NOW + 10_000,
    });
  });

  it('no reply: the reason, and another one at level sync', () => {
    expect(afterAttempt(delivery, { ...reply, code: null, error: 'Timeout' }, middle)).toMatchObject({
      status: 'retrying',
      error: 'Timeout',
    });
  });

  it('no other one at level notify', () => {
    expect(afterAttempt({ ...delivery, level: 'notify' }, reply, middle)).toMatchObject({
      status: 'failed',
      nextAttemptAt: null,
    });
  });

  it('pauses double, up to an hour', () => {
    const pauses = [0, 1, 2, 8, 9, 50, 5_000].map((numAttempts) => {
      const { nextAttemptAt } = afterAttempt({ ...delivery, numAttempts }, reply, middle);
      return ((nextAttemptAt ?? 0) - NOW) / 1000;
    });
    expect(pauses).toEqual([10, 20, 40, 2560, 3600, 3600, 3600]);
  });

  it('a receiver may put it off, but not for ever', () => {
    const wait = (retryAfterMs: number) =>
      (afterAttempt(delivery, { ...reply, code: 429, retryAfterMs }, middle).nextAttemptAt ?? 0) - NOW;
    expect([wait(1), wait(60_000), wait(1e15)]).toEqual([10_000, 60_000, 3_600_000]);
  });

  it('is never after the limit, and never at once', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: SYNC_LIMIT_MS * 2 }),
        fc.nat({ max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.option(fc.nat()),
        (age, numAttempts, random, retryAfterMs) => {
          const now = NOW + age;
          const end = afterAttempt({ ...delivery, numAttempts }, { ...reply, retryAfterMs }, { now, random });
          const next = end.nextAttemptAt ?? now + 7_500;
          expect(end.status).toBe(end.nextAttemptAt === null ? 'failed' : 'retrying');
          expect(next - now).toBeGreaterThanOrEqual(7_500);
          if (end.nextAttemptAt !== null) expect(next).toBeLessThanOrEqual(NOW + SYNC_LIMIT_MS);
        },
      ),
    );
  });
});
