import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../../../daemon/drains/batch.js';
import { cursorAt } from '../../../daemon/drains/cursor.js';
import { frameIdOf, frameOf } from '../../../daemon/drains/framing.js';
import type { LogLine } from '../../../daemon/logs/entry.js';
import { messagesOf } from '../../integration/drains/support.js';

const TOKEN = 'd.73ea7440-270a-435a-a0ea-adf50b4e5f5a';
const TIME = Date.UTC(2026, 7, 1, 10, 0, 0) * 1000 + 123_456;

const lineOf = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  sequence: 1,
  time: TIME,
  source: 'app',
  dyno: 'web.1',
  stream: 'stdout',
  release: 1,
  text,
  ...more,
});

describe('a frame', () => {
  it('over syslog has the token as its host and no structured data', () => {
    expect(frameOf(lineOf('hello'), 'syslog', TOKEN)).toBe(
      `99 <190>1 2026-08-01T10:00:00.123456+00:00 ${TOKEN} app web.1 - - hello\n`,
    );
  });

  it("over HTTP is as in Heroku's documents", () => {
    const line = lineOf('State changed from starting to up', { source: 'heroku', dyno: 'web.3' });
    expect(frameOf(line, 'http', TOKEN)).toBe(
      '94 <134>1 2026-08-01T10:00:00.123456+00:00 host heroku web.3 - State changed from starting to up\n',
    );
  });

  it.each([
    ['app', 'web.1', 190],
    ['app', 'api', 134],
    ['heroku', 'web.1', 134],
    ['heroku', 'router', 158],
    ['heroku', 'logplex', 172],
  ] as const)('of %s[%s] has the priority %i', (source, dyno, priority) => {
    expect(frameOf(lineOf('x', { source, dyno }), 'http', TOKEN)).toContain(` <${priority}>1 `);
  });

  it('counts bytes, whatever is in the line', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(texts, fc.constantFrom('syslog' as const, 'http' as const), (given, framing) => {
        const body = Buffer.from(given.map((text) => frameOf(lineOf(text), framing, TOKEN)).join(''));
        const ends = given.map((text) => `${Buffer.from(text).toString()}\n`);
        const messages = messagesOf(body);
        expect(messages).toHaveLength(given.length);
        messages.forEach((message, index) => expect(message.endsWith(ends[index] ?? '')).toBe(true));
      }),
    );
  });
});

describe('a batch', () => {
  const form = { framing: 'http' as const, token: TOKEN, maxBytes: 250 };
  const start = cursorAt(0, TIME - 5);
  const lines = Array.from({ length: 5 }, (_, index) => lineOf('x'.repeat(30), { sequence: index + 1 }));

  it('has as many lines as its bytes allow, and ends with the last of them', () => {
    const batch = batchOf(start, { dropped: 0, lines }, form);
    expect(batch).toMatchObject({
      lines: 2,
      messages: 2,
      loss: null,
      next: { after: 2, time: TIME, loss: null },
    });
    expect(messagesOf(batch?.body ?? Buffer.alloc(0))).toHaveLength(2);
  });

  it('has one line at least', () => {
    expect(batchOf(start, { dropped: 0, lines }, { ...form, maxBytes: 1 })?.lines).toBe(1);
    expect(batchOf(start, { dropped: 0, lines: [] }, form)).toBeNull();
  });

  it('tells of lost lines before the others, and counts itself', () => {
    const owing = { ...start, loss: { count: 3, since: TIME - 9_123_456 } };
    const batch = batchOf(owing, { dropped: 4, lines }, { ...form, maxBytes: 1 });
    expect(messagesOf(batch?.body ?? Buffer.alloc(0))[0]).toBe(
      '<172>1 2026-08-01T10:00:00.123456+00:00 host heroku logplex - Error L10 (output buffer overflow): ' +
        '7 messages dropped since 2026-08-01T09:59:51.000000+00:00.\n',
    );
    expect(batch).toMatchObject({ lines: 1, messages: 2, dropped: 4, loss: { count: 7 } });
  });

  it('has an id of its own, which is the same when it is made again', () => {
    const id = batchOf(start, { dropped: 0, lines }, form)?.frameId;
    expect(id).toMatch(/^[0-9A-F]{32}$/);
    expect(batchOf(start, { dropped: 0, lines }, form)?.frameId).toBe(id);
    const others = [
      frameIdOf(TOKEN, 1, 3, 0),
      frameIdOf(TOKEN, 2, 2, 0),
      frameIdOf(TOKEN, 1, 2, 1),
      frameIdOf('d.other', 1, 2, 0),
    ];
    expect(new Set([id, ...others]).size).toBe(5);
  });
});
