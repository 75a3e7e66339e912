import { describe, expect, it } from 'vitest';
import { lastTimeBetween, nextTime } from '../../../../daemon/run/cron/times.js';

const BERLIN = 'Europe/Berlin';
/** The next times, as UTC's day and minute. */
function next(expression: string, timezone: string, after: string, count = 3): string[] {
  const times: string[] = [];
  let moment: number | null = Date.parse(after);
  while (times.length < count && moment !== null) {
    moment = nextTime({ expression, timezone }, moment);
    if (moment !== null) times.push(new Date(moment).toISOString().slice(8, 16));
  }
  return times;
}

describe('the next time of a schedule', () => {
  it('is strictly after the moment, in its own time zone', () => {
    expect(next('30 3 * * *', 'UTC', '2026-07-01T03:29:59.999Z', 1)).toEqual(['01T03:30']);
    expect(next('30 3 * * *', 'UTC', '2026-07-01T03:30:00Z', 1)).toEqual(['02T03:30']);
    expect(next('30 3 * * *', BERLIN, '2026-07-01T00:00:00Z', 1)).toEqual(['01T01:30']);
    expect(next('30 3 * * *', BERLIN, '2026-12-01T00:00:00Z', 1)).toEqual(['01T02:30']);
  });

  it('is on either day where day of the month and day of the week are both given', () => {
    expect(next('0 0 13 * 5', 'UTC', '2026-10-31T00:00:00Z', 4)).toEqual([
      '06T00:00',
      '13T00:00',
      '20T00:00',
      '27T00:00',
    ]);
  });

  it('comes once, right after the gap, when a fixed time is missing that day', () => {
    // On 29 March 2026 Berlin has no time between 02:00 and 03:00.
    expect(next('30 2 * * *', BERLIN, '2026-03-28T12:00:00Z')).toEqual(['29T01:00', '30T00:30', '31T00:30']);
    expect(next('0,30 2 * * *', BERLIN, '2026-03-28T12:00:00Z')).toEqual([
      '29T01:00',
      '30T00:00',
      '30T00:30',
    ]);
  });

  it('comes once when a fixed time is there twice that day', () => {
    // On 25 October 2026 Berlin has the time between 02:00 and 03:00 twice.
    expect(next('30 2 * * *', BERLIN, '2026-10-24T12:00:00Z')).toEqual(['25T00:30', '26T01:30', '27T01:30']);
  });

  it('comes by the minutes that pass, where minute or hour is a *', () => {
    expect(next('*/30 * * * *', BERLIN, '2026-03-29T00:20:00Z')).toEqual([
      '29T00:30',
      '29T01:00',
      '29T01:30',
    ]);
    expect(next('*/30 * * * *', BERLIN, '2026-10-25T00:20:00Z', 4)).toEqual([
      '25T00:30',
      '25T01:00',
      '25T01:30',
      '25T02:00',
    ]);
  });
});

describe('the last time between two moments', () => {
  const schedule = { expression: '*/10 * * * *', timezone: 'UTC' };
  const at = (minute: number) => Date.UTC(2026, 0, 1, 0, minute);

  it('is after the first and not after the second', () => {
    expect(lastTimeBetween(schedule, at(0), at(9))).toBeNull();
    expect(lastTimeBetween(schedule, at(0), at(10))).toBe(at(10));
    expect(lastTimeBetween(schedule, at(10), at(10))).toBeNull();
    expect(lastTimeBetween(schedule, at(0), at(39))).toBe(at(30));
  });
});
