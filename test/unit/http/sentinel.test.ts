import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentinelLines } from '../../../daemon/http/port/sentinel.js';

const LINE = '\uFFFF heroku-command-exit-status: 137\n';

function pass(chunks: readonly Buffer[]): string[] {
  const lines = new SentinelLines();
  return [...chunks.flatMap((chunk) => lines.push(chunk)), ...lines.flush()].map((piece) =>
    piece.toString('latin1'),
  );
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('the line with the exit code', () => {
  it('comes in one piece and nothing is lost, wherever the output was cut', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 8 }),
        (before, after, cuts) => {
          const all = Buffer.from(`${before}\n${LINE}${after}`);
          const places = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
          const chunks = places.slice(1).map((end, index) => all.subarray(places[index], end));
          const pieces = pass(chunks);
          expect(pieces.join('')).toBe(all.toString('latin1'));
          expect(pieces).toContain(latin1(LINE));
        },
      ),
    );
  });

  it('holds back nothing but what may be that line', () => {
    const lines = new SentinelLines();
    expect(lines.push(Buffer.from('Name? ')).map(String)).toEqual(['Name? ']);
    expect(lines.push(Buffer.from([0x61, 0xef]))).toEqual([Buffer.from('a')]);
    expect(lines.push(Buffer.from([0xbf, 0xbe, 0x62]))).toEqual([Buffer.from([0xef, 0xbf, 0xbe, 0x62])]);
    expect(lines.push(Buffer.from('\uFFFF he'))).toEqual([]);
    expect(lines.push(Buffer.alloc(2000, 'x')).join('')).toHaveLength(2004);
  });
});
