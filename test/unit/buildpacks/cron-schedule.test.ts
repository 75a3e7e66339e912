import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSchedule } from '../../../buildpacks/cron-schedule.js';
import { nextTime } from '../../../daemon/shared/schedules.js';

const problemOf = (line: string): string => {
  const read = readSchedule(line);
  return 'problem' in read ? read.problem : `accepted as ${read.expression}`;
};

describe('a cron line', () => {
  test.each([
    ['* * * * *', '* * * * *'],
    ['  30  3 * *\t1 ', '30 3 * * 1'],
    ['*/10 0-6/2 1,15 * *', '*/10 0-6/2 1,15 * *'],
    ['5/20 * * * *', '5-59/20 * * * *'],
    ['0 0 * JAN-mar MON', '0 0 * 1-3 1'],
    ['0 0 * * FRI-SUN', '0 0 * * 5-7'],
    ['0 0 * * sun-tue', '0 0 * * 0-2'],
    ['0 0 * * 7', '0 0 * * 7'],
    ['0 0 * * 7/2', '0 0 * * 7-7/2'],
    ['007 00 01 * *', '7 0 1 * *'],
    ['0 0 29 2 *', '0 0 29 2 *'],
    ['0 0 30 2 1', '0 0 30 2 1'],
    ['@daily', '0 0 * * *'],
    [' @Hourly ', '0 * * * *'],
    ['@weekly', '0 0 * * 0'],
    ['@yearly', '0 0 1 1 *'],
  ])('%j means %j', (line, expression) => {
    expect(readSchedule(line)).toEqual({ expression });
  });

  test.each([
    ['', 'is empty, should have 5: minute, hour,'],
    ['0 3 * *', 'has 4 fields, should have 5'],
    ['0 0 3 * * *', 'has 6 fields, should have 5 (there are no seconds)'],
    ['60 * * * *', 'minute: "60" should be 0 to 59'],
    ['0 24 * * *', 'hour: "24" should be 0 to 23'],
    ['0 0 0 * *', 'day of the month: "0" should be 1 to 31'],
    ['0 0 * 13 *', 'month: "13" should be 1 to 12'],
    ['0 0 * * 8', 'day of the week: "8" should be 0 to 7'],
    ['0 0 * jam *', 'month: "jam" is not a month, did you mean jan?'],
    ['0 0 * * frj', 'day of the week: "frj" is not a day of the week, did you mean fri?'],
    ['x * * * *', 'minute: "x" is not a minute: it should be 0 to 59, or *'],
    ['0 -3 * * *', 'hour: a value is missing'],
    ['0 1,,2 * * *', 'hour: a value is missing'],
    ['0 22-4 * * *', 'hour: "22-4" ends before it begins: write it like 22-23,0-4'],
    ['0 1-2-3 * * *', 'hour: "1-2-3" is not a range'],
    ['*/0 * * * *', 'minute: "/0" should be a step of 1 to 59'],
    ['*/ * * * *', 'minute: "/" should be a step'],
    ['*/90 * * * *', 'minute: "/90" should be a step of 1 to 59'],
    ['0 0 L * *', 'day of the month: "L" is not a day of the month'],
    ['0 0 31 2 *', 'never comes: none of its months has a day 31'],
    ['0 0 31 4,jun *', 'never comes'],
    ['0 0 30 2 */2', 'never comes: none of its months has a day 30'],
    ['@dayly', '"@dayly" is not known, did you mean @daily?'],
    ['@every 10m', '@every is not known; every ten minutes, for one, is "*/10 * * * *"'],
    ['@reboot', '@reboot is not known'],
    ['* '.repeat(200), 'is longer than 250 characters'],
  ])('%j is refused with field and reason', (line, problem) => {
    expect(problemOf(line)).toContain(problem);
  });

  test('that is accepted has a next time, whatever it is made of', () => {
    const item = (least: number, most: number, names: readonly string[]) => {
      const value = fc.oneof(
        fc.integer({ min: least, max: most }).map(String),
        fc.constantFrom(...names, String(least)),
      );
      const range = fc.tuple(value, value).map((ends) => ends.join('-'));
      const step = fc.tuple(fc.oneof(fc.constant('*'), value, range), fc.integer({ min: 1, max: 12 }));
      return fc.oneof(
        fc.constant('*'),
        value,
        range,
        step.map((parts) => parts.join('/')),
      );
    };
    const field = (...of: Parameters<typeof item>) =>
      fc.array(item(...of), { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
    const line = fc.tuple(
      field(0, 59, []),
      field(0, 23, []),
      field(1, 31, []),
      field(1, 12, ['jan', 'FEB']),
      field(0, 7, ['sun', 'Fri']),
    );
    fc.assert(
      fc.property(line, (fields) => {
        const read = readSchedule(fields.join(' '));
        if ('problem' in read) return;
        expect(nextTime({ ...read, timezone: 'Europe/Berlin' }, Date.UTC(2026, 0))).toBeGreaterThan(0);
      }),
    );
  });

  test('is accepted or refused, and never anything else', () => {
    fc.assert(fc.property(fc.string(), (line) => void problemOf(line)));
  });
});
