import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytes } from '../../../../cli/output/bytes.js';
import { ago, since, took, until } from '../../../../cli/output/time.js';

const now = new Date('2026-08-01T11:00:00Z');
let zone: string | undefined;

beforeEach(() => {
  zone = process.env['TZ'];
  process.env['TZ'] = 'UTC';
});
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('times', () => {
  it.each([
    ['2026-08-01T10:59:30Z', '2026/08/01 10:59:30 +0000 (~ 30s ago)'],
    ['2026-08-01T10:58:00Z', '2026/08/01 10:58:00 +0000 (~ 2m ago)'],
    ['2026-08-01T10:00:00Z', '2026/08/01 10:00:00 +0000 (~ 1h ago)'],
    ['2026-07-31T11:00:00Z', '2026/07/31 11:00:00 +0000 (~ 24h ago)'],
    ['2026-07-30T10:00:00Z', '2026/07/30 10:00:00 +0000'],
  ])('%s is shown as Heroku does', (time, shown) => {
    expect(ago(time, now)).toBe(shown);
  });

  it('tells the zone of this machine', () => {
    process.env['TZ'] = 'Asia/Kolkata';
    expect(ago('2026-08-01T10:00:00Z', now)).toBe('2026/08/01 15:30:00 +0530 (~ 1h ago)');
  });

  it('passes on what is no time', () => {
    expect(ago('soon', now)).toBe('soon');
  });

  it.each([
    [12, '12 ms'],
    [2140, '2.1 s'],
    [72_000, '1 min 12 s'],
  ])('%d milliseconds took %s', (milliseconds, shown) => {
    expect(took(milliseconds)).toBe(shown);
  });

  it('says when something comes', () => {
    expect(until('2026-08-01T11:00:20Z', now)).toBe('in 20s');
    expect(until('2026-08-03T10:59:59Z', now)).toBe('in 47h');
    expect(until('2026-08-09T16:00:00Z', now)).toBe('in 8d');
    expect(since('2026-08-01T10:55:00Z', now)).toBe('5m ago');
    expect(since('2026-08-01T11:00:01Z', now)).toBe('0s ago');
    expect(until('2026-08-01T10:59:59Z', now)).toBe('now');
  });
});

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_999, '1.0 MB'],
    [629_145_600, '629.1 MB'],
  ])('%d is %s', (count, shown) => {
    expect(bytes(count)).toBe(shown);
  });
});
