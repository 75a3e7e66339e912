import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Paint } from '../../../../cli/output/colour.js';
import { logLine } from '../../../../cli/output/log-line.js';
import { visible, visibleLines, visibleWithColours } from '../../../../cli/output/sanitise.js';

/** Anything a terminal would obey, but for the colours that end with their line. */
const OBEYED = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const COLOUR = /\x1b\[[0-9;:]*m/g;

/** Strings made of the pieces that attacks are made of. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\x1b',
        '[',
        ']',
        '0m',
        '31m',
        '2J',
        'm',
        ';',
        '\x9b',
        '\x07',
        '\r',
        '\n',
        '\x00',
        '\u202e',
        '52;c;',
      ),
      fc.string(),
    ),
  )
  .map((pieces) => pieces.join(''));

describe('text on a terminal', () => {
  it('never holds a control character, whatever was in it', () => {
    fc.assert(
      fc.property(nasty, (text) => !OBEYED.test(visible(text))),
      { numRuns: 2000 },
    );
  });

  it('keeps colours of foreign output, and nothing else that a terminal obeys', () => {
    fc.assert(
      fc.property(nasty, (text) => !OBEYED.test(visibleWithColours(text, true).replace(COLOUR, ''))),
      { numRuns: 2000 },
    );
  });

  it('ends colours with the line', () => {
    expect(visibleWithColours('\x1b[31mred', true)).toBe('\x1b[31mred\x1b[0m');
    expect(visibleWithColours('plain', true)).toBe('plain');
  });

  it('drops colours where none are wanted', () => {
    expect(visibleWithColours('\x1b[31mred\x1b[0m', false)).toBe('red');
  });

  it('shows what it does not let through', () => {
    expect(visible('a\x1b]52;c;x\x07b\r\n\u202e')).toBe('a\\x1b]52;c;x\\x07b\\r\\n\\u202e');
  });

  it('lets tabs, umlauts and emoji through', () => {
    expect(visible('\tä 漢 🚀')).toBe('\tä 漢 🚀');
  });

  it('keeps the line ends of texts with several lines', () => {
    expect(visibleLines('one\ntwo\x07')).toBe('one\ntwo\\x07');
  });
});

describe('a log line on a terminal', () => {
  const painted = new Paint(true);

  it('has its prefix in the colour of its dyno', () => {
    const line = logLine('2026-01-02T03:04:05.000000+00:00 app[web.1]: hello', painted);
    expect(line).toMatch(/^\x1b\[\d+m2026-01-02T03:04:05.000000\+00:00 app\[web\.1\]:\x1b\[39m hello$/);
  });

  it('cannot forge another prefix with a carriage return', () => {
    const line = logLine(
      '2026-01-02T03:04:05Z app[web.1]: x\r2026-01-02T03:04:05Z heroku[web.1]: State',
      painted,
    );
    expect(line).toContain('x\\r2026');
    expect(line).not.toContain('\r');
  });

  it('is as it is where there are no colours, but for control characters', () => {
    const line = '2026-01-02T03:04:05Z heroku[router]: at=info path="/"';
    expect(logLine(line, new Paint(false))).toBe(line);
  });

  it('that has no prefix is made safe all the same', () => {
    fc.assert(fc.property(nasty, (text) => !OBEYED.test(logLine(text, painted).replace(COLOUR, ''))));
  });
});
