import { describe, expect, it } from 'vitest';
import { AttachPoints } from '../../../daemon/http/attach-points.js';
import type { Clock } from '../../../daemon/shared/clock.js';

/** A clock whose one sleep ends when the test says so. */
function openPoint() {
  let wake: () => void = () => undefined;
  let slept = 0;
  const clock: Clock = {
    now: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        slept = ms;
        wake = resolve;
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  let expired = 0;
  const attachable = { open: () => Promise.reject(new Error('unused')), expire: () => void (expired += 1) };
  const points = new AttachPoints(clock);
  const secret = points.offer(attachable);
  return { points, secret, attachable, wake: () => wake(), slept: () => slept, expired: () => expired };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('an attach point', () => {
  it('is there for one client, once', async () => {
    const { points, secret, attachable, expired } = openPoint();
    expect(points.claim('wrong')).toBeUndefined();
    expect(points.claim(secret)).toBe(attachable);
    expect(points.claim(secret)).toBeUndefined();
    await settle();
    expect(expired()).toBe(0);
  });

  it('ends its process when nobody has come for 30 seconds', async () => {
    const { points, secret, wake, slept, expired } = openPoint();
    expect(slept()).toBe(30_000);
    wake();
    await settle();
    expect(expired()).toBe(1);
    expect(points.claim(secret)).toBeUndefined();
  });

  it('ends its process once when the server closes', async () => {
    const { points, secret, expired } = openPoint();
    points.close();
    await settle();
    expect(expired()).toBe(1);
    expect(points.claim(secret)).toBeUndefined();
  });
});
