import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draw, RateLimiter, type Bucket } from '../../../daemon/http/access/rate-limit.js';

const HOUR = 3_600_000;

describe('what a token may ask', () => {
  it('is all at once, then as much as comes back', () => {
    let bucket: Bucket | undefined;
    const ask = (now: number) => {
      const drawn = draw(bucket, 60, { now, cost: 1 });
      bucket = drawn.bucket;
      return drawn;
    };
    for (let asked = 1; asked <= 60; asked += 1)
      expect(ask(0)).toMatchObject({ granted: true, remaining: 60 - asked });
    expect(ask(0)).toMatchObject({ granted: false, remaining: 0, retryAfterS: 60 });
    expect(ask(30_000)).toMatchObject({ granted: false, remaining: 0, retryAfterS: 30 });
    expect(ask(60_000)).toMatchObject({ granted: true, remaining: 0 });
    expect(ask(60_000)).toMatchObject({ granted: false });
    expect(ask(60_000 + 2 * HOUR)).toMatchObject({ granted: true, remaining: 59 });
  });

  it('costs nothing to ask for', () => {
    expect(draw({ left: 3, at: 0 }, 60, { now: 0, cost: 0 })).toMatchObject({ granted: true, remaining: 3 });
    expect(draw({ left: 0, at: 0 }, 60, { now: 0, cost: 0 })).toMatchObject({ granted: true, remaining: 0 });
  });

  it('is not more for a clock that was set back', () => {
    expect(draw({ left: 1, at: HOUR }, 60, { now: 0, cost: 1 })).toMatchObject({
      granted: true,
      remaining: 0,
    });
  });

  it('is granted after the time that was told, whatever the limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 0, max: HOUR }), (limit, at) => {
        const refused = draw({ left: 0, at }, limit, { now: at, cost: 1 });
        const now = at + refused.retryAfterS * 1000;
        expect(draw(refused.bucket, limit, { now, cost: 1 }).granted).toBe(true);
      }),
    );
  });

  it('is never more than the limit and an hour’s refill, however it is asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 100, maxLength: 300 }),
        (pauses) => {
          const limiter = new RateLimiter(50);
          let now = 0;
          let granted = 0;
          for (const pause of pauses) {
            now += pause;
            if (limiter.draw('token', now, 1).granted) granted += 1;
          }
          expect(granted).toBeLessThanOrEqual(50 + Math.ceil((now * 50) / HOUR));
        },
      ),
    );
  });
});

describe('the memory of it', () => {
  it('holds each token apart', () => {
    const limiter = new RateLimiter(1);
    expect(limiter.draw('a', 0, 1).granted).toBe(true);
    expect(limiter.draw('a', 0, 1).granted).toBe(false);
    expect(limiter.draw('b', 0, 1).granted).toBe(true);
  });

  it('is bounded, and forgets first whoever has all again', () => {
    const limiter = new RateLimiter(10, 3);
    for (const id of ['a', 'b', 'c']) limiter.draw(id, 0, 10);
    expect(limiter.size).toBe(3);
    limiter.draw('d', HOUR, 1);
    expect(limiter.size).toBe(1);
    for (const id of ['e', 'f', 'g', 'h', 'i']) limiter.draw(id, HOUR, 1);
    expect(limiter.size).toBe(3);
    expect(limiter.draw('i', HOUR, 1).remaining).toBe(8);
  });

  it('has nothing of a token that only looked', () => {
    const limiter = new RateLimiter(10);
    limiter.draw('a', 0, 0);
    expect(limiter.size).toBe(0);
  });
});
