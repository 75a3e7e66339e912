import { describe, expect, it } from 'vitest';
import { lastTimeBetween, nextTime, problemOf } from '../../../daemon/shared/schedules.js';

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

  it('is on days that both fields name, where one of the two begins with *', () => {
    const november = '2026-11-01T00:00:00Z';
    // Mondays that are odd days of the month, in the words of Vixie's cron; not any odd day and any Monday.
    expect(next('0 0 */2 * 1', 'UTC', november, 4)).toEqual(['09T00:00', '23T00:00', '07T00:00', '21T00:00']);
    expect(next('0 0 13 * */5', 'UTC', november, 1)).toEqual(['13T00:00']);
    expect(next('0 0 * * 1', 'UTC', november, 2)).toEqual(['02T00:00', '09T00:00']);
    expect(next('0 0 13 * *', 'UTC', november, 2)).toEqual(['13T00:00', '13T00:00']);
    expect(next('0 0 1-31/2 * 1', 'UTC', november, 4)).toEqual([
      '02T00:00',
      '03T00:00',
      '05T00:00',
      '07T00:00',
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

describe('in the nights in which clocks are changed', () => {
  // New York: 02:00 to 03:00 is missing on 8 March 2026, and 01:00 to 02:00 is there twice on 1 November.
  const YORK = 'America/New_York';

  it.each([
    [BERLIN, '2026-03-28T22:00:00Z', ['30T00:00', '30T00:30']],
    [YORK, '2026-03-08T05:00:00Z', ['09T06:00', '09T06:30']],
  ])('a step in the hour that is missing in %s comes the next day only', (timezone, before, times) => {
    expect(next('*/30 2 * * *', timezone, before, 2)).toEqual(times);
  });

  it.each([
    [BERLIN, '*/30 2 * * *', '2026-10-24T22:00:00Z', ['25T00:00', '25T00:30', '25T01:00', '25T01:30']],
    [YORK, '*/30 1 * * *', '2026-11-01T04:00:00Z', ['01T05:00', '01T05:30', '01T06:00', '01T06:30']],
  ])('a step in the hour that is there twice in %s comes in both', (timezone, expression, before, times) => {
    expect(next(expression, timezone, before, 4)).toEqual(times);
  });

  it.each([
    [BERLIN, '2026-03-28T22:00:00Z', ['29T01:00', '30T00:00', '30T00:30']],
    [YORK, '2026-03-08T05:00:00Z', ['08T07:00', '09T06:00', '09T06:30']],
  ])('fixed minutes that are missing in %s come together, right after the gap', (timezone, before, times) => {
    expect(next('0,30 2 * * *', timezone, before)).toEqual(times);
  });

  it.each([
    [BERLIN, '0,30 2 * * *', '2026-10-24T22:00:00Z', ['25T00:00', '25T00:30', '26T01:00']],
    [YORK, '0,30 1 * * *', '2026-11-01T04:00:00Z', ['01T05:00', '01T05:30', '02T06:00']],
  ])('fixed minutes that are there twice in %s come once', (timezone, expression, before, times) => {
    expect(next(expression, timezone, before)).toEqual(times);
  });
});

describe('what cannot be read', () => {
  it('is told with its field and the reason', () => {
    const told = (expression: string, timezone: string) => problemOf({ expression, timezone });
    expect(told('0 3 * * *', BERLIN)).toBeNull();
    expect(told('0 3 * * *', 'Europe/Berln')).toMatch(
      /^timezone: "Europe\/Berln" is not known to this machine/,
    );
    expect(told('0 3 * *', BERLIN)).toMatch(/^schedule: "0 3 \* \*" cannot be read: /);
    expect(told(undefined as unknown as string, BERLIN)).toMatch(/^schedule: /);
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
