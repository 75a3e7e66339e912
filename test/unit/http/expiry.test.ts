import { describe, expect, it } from 'vitest';
import { expiryWarning } from '../../../daemon/http/access/expiry.js';

const DAY = 86_400_000;
const END = Date.UTC(2026, 10, 30, 12, 34);
const warned = (createdAt: number, now: number) => expiryWarning({ createdAt, expiresAt: END }, now);

describe('the warning that a token ends', () => {
  it('comes in its last week, with the time and what to type', () => {
    expect(warned(END - 30 * DAY, END - 7 * DAY - 1)).toBeNull();
    const warning = warned(END - 30 * DAY, END - 7 * DAY) ?? '';
    expect(warning).toMatch(/until 2026-11-30 12:34 UTC\..*tfk auth:token/);
    expect(warning).toMatch(/^[\x20-\x7e]+$/);
  });

  it('does not come for one without an end, nor for one that was made for a week or less', () => {
    expect(expiryWarning({ createdAt: 0, expiresAt: null }, END)).toBeNull();
    expect(warned(END - 7 * DAY, END - DAY)).toBeNull();
    expect(warned(END - 60_000, END - 1)).toBeNull();
  });
});
