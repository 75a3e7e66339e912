import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProcfile } from '../../../buildpacks/procfile.js';

const messageFor = (text: string): string => {
  try {
    parseProcfile(text);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
};

describe('a Procfile', () => {
  test('declares process types in its order, with commands that only a shell reads', () => {
    const types = parseProcfile(
      'web: node server.js --url=http://x:1 # not a comment\nrelease: npm run migrate\n',
    );
    expect(Object.entries(types)).toEqual([
      ['web', 'node server.js --url=http://x:1 # not a comment'],
      ['release', 'npm run migrate'],
    ]);
  });

  test('may have a BOM, CRLF, tabs, blank lines, full-line comments and no newline at its end', () => {
    const text = '\uFEFF# types\r\n\r\nweb:\tnode a.js\r\n  # more\r\nworker:node b.js';
    expect(parseProcfile(text)).toEqual({ web: 'node a.js', worker: 'node b.js' });
  });

  test.each([
    'web',
    'web:',
    'web:   ',
    'web : x',
    ': x',
    '../x: y',
    'web;rm: y',
    'wéb: y',
    `${'a'.repeat(64)}: y`,
    '__proto__: y',
    'web: a\0b',
  ])('is refused with the line number for %j', (line) => {
    expect(messageFor(`ok: true\n\n${line}\n`)).toMatch(/^Procfile line 3 is not "type: command"/);
  });

  test('is refused with both line numbers for a type declared twice', () => {
    expect(messageFor('web: a\n# x\nweb: b')).toBe('Procfile declares web twice: in line 1 and in line 3.');
  });

  test('may have types named like what every object has', () => {
    expect(Object.keys(parseProcfile('constructor: a\ntoString: b'))).toEqual(['constructor', 'toString']);
  });

  test('has at most 256 types and 64 KiB', () => {
    const types = (count: number) => Array.from({ length: count }, (_, index) => `t${index}: x`).join('\n');
    expect(Object.keys(parseProcfile(types(256)))).toHaveLength(256);
    expect(messageFor(types(257))).toMatch(/256/);
    expect(messageFor(`web: ${'x'.repeat(65_536)}`)).toMatch(/64 KiB/);
  });

  test('never lets a broken line steer the terminal', () => {
    expect(messageFor('\u001B[2J\u202Ebroken')).not.toMatch(/[\u001B\u202E]/);
  });

  test('reads back what was printed, for any types and commands', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,63}$/).filter((type) => type !== '__proto__');
    const command = fc.stringMatching(/^[!-~]([ -~]{0,80}[!-~])?$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, command), { selector: ([type]) => type, maxLength: 20 }),
        (entries) => {
          const printed = entries.map(([type, text]) => `${type}: ${text}`).join('\n');
          const parsed = parseProcfile(printed);
          expect(new Map(Object.entries(parsed))).toEqual(new Map(entries));
        },
      ),
    );
  });

  test('is accepted or refused, and never anything else, whatever its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(messageFor(text)).toMatch(/^(accepted|Procfile )/);
      }),
    );
  });
});
