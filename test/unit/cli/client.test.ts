import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOf } from '../../../cli/client/client.js';
import { endpointOf } from '../../../cli/client/endpoint.js';
import { apiError } from '../../../cli/client/errors.js';
import { eventsOf } from '../../../cli/client/events.js';
import { linesOf } from '../../../cli/client/lines.js';
import { UserError } from '../../../cli/errors.js';

async function* chunks(...parts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part as string);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('lines of a stream', () => {
  it('are the same wherever the bytes were cut', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('ä', '🚀', '\n', 'x')), cuts, async (pieces, sizes) => {
        const text = pieces.join('');
        const bytes = Buffer.from(text);
        const parts: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          parts.push(bytes.subarray(at, at + size));
          at += size;
        }
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(await all(linesOf(chunks(...parts)))).toEqual(expected);
      }),
    );
  });

  it('lose the carriage return at their end', async () => {
    expect(await all(linesOf(chunks('a\r\nb')))).toEqual(['a', 'b']);
  });

  it('without an end are cut, so that they never fill the memory', async () => {
    const lines = await all(linesOf(chunks('x'.repeat(70_000), 'y'.repeat(70_000))));
    expect(lines.map((line) => line.length)).toEqual([70_000, 70_000]);
  });
});

describe('server-sent events', () => {
  it('carry an id and lines of data; comments and retry are passed over', async () => {
    const stream = chunks('retry: 1\n\n: beat\n\nid: 7\ndata: one\n\nid: 8\nda', 'ta: two\ndata:  three\n\n');
    expect(await all(eventsOf(stream))).toEqual([
      { id: '7', data: 'one' },
      { id: '8', data: 'two\n three' },
    ]);
  });

  it('that were cut off do not count', async () => {
    expect(await all(eventsOf(chunks('data: whole\n\ndata: half')))).toEqual([
      { id: undefined, data: 'whole' },
    ]);
  });
});

describe('the endpoint', () => {
  it('is the socket in the home', () => {
    expect(endpointOf({ home: '/h', remote: null }).options.socketPath).toBe('/h/tfkd.sock');
  });

  it('is TCP with a token where TFK_URL says so', () => {
    const { options } = endpointOf({ home: '/h', remote: { url: 'http://127.0.0.1:4270', token: 't' } });
    expect(options).toMatchObject({ host: '127.0.0.1', port: 4270, headers: { authorization: 'Bearer t' } });
  });

  it.each(['4270', 'ftp://x', ''])('is not %j', (url) => {
    expect(() => endpointOf({ home: '/h', remote: { url, token: '' } })).toThrow(UserError);
  });

  it("is asked for tfkd's own absolute addresses as well", () => {
    expect(pathOf('/tfk/x?y')).toBe('/tfk/x?y');
    expect(pathOf('http://127.0.0.1:4270/tfk/sources/s?x=1')).toBe('/tfk/sources/s?x=1');
  });
});

describe("tfkd's refusals", () => {
  it('are told in its words, with what was probably meant and what to type', () => {
    const body = {
      id: 'not_found',
      message: 'No app is named wbe.',
      hint: 'Type: tfk apps',
      suggestions: ['web'],
    };
    expect(apiError(404, JSON.stringify(body))).toMatchObject({
      message: 'No app is named wbe.',
      hint: 'Did you mean web?\nType: tfk apps',
      exitCode: 1,
    });
  });

  it('do not ask twice what was meant', () => {
    const body = { id: 'not_found', message: 'x', hint: 'Did you mean web?', suggestions: ['web'] };
    expect(apiError(404, JSON.stringify(body)).hint).toBe('Did you mean web?');
  });

  it('that are no JSON are shown as they are, shortened', () => {
    expect(apiError(502, 'x'.repeat(500)).message).toBe(`tfkd answered 502: ${'x'.repeat(200)}`);
  });
});
