import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../../daemon/logs/entry.js';
import { formatJson, formatLine, formatTime } from '../../../daemon/logs/format.js';
import * as platform from '../../../daemon/logs/platform.js';

const line: LogLine = {
  sequence: 7,
  time: 1_785_578_400_123_456,
  source: 'app',
  dyno: 'web.1',
  stream: 'stdout',
  release: 3,
  text: 'hello',
};

describe('a formatted line', () => {
  it('looks as on Heroku', () => {
    expect(formatLine(line)).toBe('2026-08-01T10:00:00.123456+00:00 app[web.1]: hello');
    const router = {
      ...line,
      source: 'heroku' as const,
      dyno: 'router',
      text: 'at=info method=GET path="/"',
    };
    expect(formatLine(router)).toBe(
      '2026-08-01T10:00:00.123456+00:00 heroku[router]: at=info method=GET path="/"',
    );
  });

  it('is one line, whatever the text is, and begins with a prefix that no text can forge', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\r', '\n', '\r\n', ' app[web.2]: ', '\0', '\x1b[A', '\u2028'),
        fc.string(),
      ),
    });
    fc.assert(
      fc.property(text, (given) => {
        const formatted = formatLine({ ...line, text: given });
        expect(formatted).not.toMatch(/[\r\n]/);
        expect(formatted.startsWith('2026-08-01T10:00:00.123456+00:00 app[web.1]: ')).toBe(true);
        expect(formatJson({ ...line, text: given })).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('shows the ends of lines inside of it, and not the end of a CRLF line', () => {
    expect(formatLine({ ...line, text: 'a\rb\nc\r' })).toMatch(/: a\\rb\\nc$/);
  });

  it('is exact as JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const time = '2026-08-01T10:00:00.123456+00:00';
        expect(JSON.parse(formatJson({ ...line, text }))).toEqual({ ...line, time, text });
      }),
    );
  });

  it('has its time to the microsecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000_000 }), (time) => {
        const text = formatTime(time);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
        expect(Date.parse(text.slice(0, 19) + 'Z') * 1_000 + Number(text.slice(20, 26))).toBe(time);
      }),
    );
  });
});

describe("the platform's words", () => {
  const user = 'ada@example.com';

  it.each([
    [platform.startingProcess('npm start'), 'Starting process with command `npm start`'],
    [platform.stateChanged('starting', 'up'), 'State changed from starting to up'],
    [platform.stopping('SIGTERM'), 'Stopping all processes with SIGTERM'],
    [platform.stoppingRemaining('SIGKILL'), 'Stopping remaining processes with SIGKILL'],
    [platform.exited(143), 'Process exited with status 143'],
    [platform.exited(0), 'Process exited with status 0'],
    [
      platform.bootTimeout(60),
      'Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch',
    ],
    [
      platform.exitTimeout(30),
      'Error R12 (Exit timeout) -> At least one process failed to exit within 30 seconds of SIGTERM',
    ],
    [platform.memoryUsed(1_028 * 1024 * 1024, 995.2 * 1024 * 1024), 'Process running mem=1028MB(103.3%)'],
    [platform.memoryExceeded(), 'Error R14 (Memory quota exceeded)'],
    [platform.memoryVastlyExceeded(), 'Error R15 (Memory quota vastly exceeded)'],
    [platform.buildStarted(user), `Build started by user ${user}`],
    [platform.deploy('0b0e75c1', user), `Deploy 0b0e75c1 by user ${user}`],
    [platform.releaseCreated(4, user), `Release v4 created by user ${user}`],
    [platform.runningReleaseCommands(5, user), `Running release v5 commands by user ${user}`],
    [platform.setConfig(['LANG', 'RACK_ENV'], user), `Set LANG, RACK_ENV config vars by user ${user}`],
    [
      platform.scaled(
        [
          { type: 'console', quantity: 0, size: 'Basic' },
          { type: 'web', quantity: 1, size: 'Basic' },
        ],
        user,
      ),
      `Scaled to console@0:Basic web@1:Basic by user ${user}`,
    ],
    [
      platform.tailDropped(12, line.time),
      'Error L11 (Tail buffer overflow) -> This tail session dropped 12 messages since 2026-08-01T10:00:00.123456+00:00',
    ],
    [
      platform.bytesDropped(99, line.time),
      'Error L12 (Local buffer overflow) -> 99 bytes dropped since 2026-08-01T10:00:00.123456+00:00',
    ],
  ])('are Heroku’s: %s', (text, expected) => {
    expect(text).toBe(expected);
  });
});
