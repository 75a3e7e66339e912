import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile, printEnvFile } from '../../../cli/env-file.js';
import { UsageError } from '../../../cli/errors.js';

describe('the .env grammar', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['export A=1\r\nB = two words \n', { A: '1', B: 'two words' }],
    ['# comment\n\n  A=1 # one\n', { A: '1' }],
    ['PASS=a#b', { PASS: 'a#b' }],
    ["A='it is $HOME \\n #1'", { A: 'it is $HOME \\n #1' }],
    ['A="line\\nnext \\"q\\" \\$x \\\\" # c', { A: 'line\nnext "q" $x \\' }],
    ['A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
    ['A=', { A: '' }],
    ['A= # nothing', { A: '' }],
    ['URL=postgres://u:p@h/d?x=y', { URL: 'postgres://u:p@h/d?x=y' }],
    ['\ufeffA=1', { A: '1' }],
  ])('reads %j', (text, values) => {
    expect(parseEnvFile(text)).toEqual(values);
  });

  it.each([
    ['A=1\nnonsense', 'Line 2 cannot be read: it is not KEY=value.'],
    ['1A=1', 'Line 1 cannot be read: it is not KEY=value.'],
    ['A="open\nB=1', 'Line 1 cannot be read: its " has no end.'],
    ["A='open", "Line 1 cannot be read: its ' has no end."],
    ['A="x"y', 'Line 1 cannot be read: something follows the closing quote.'],
    ['A=1\n\nA=2', 'Line 3 cannot be read: A is set in line 1 already.'],
  ])('refuses %j with the line', (text, message) => {
    expect(() => parseEnvFile(text)).toThrow(UsageError);
    expect(() => parseEnvFile(text)).toThrow(message);
  });

  it('reads back whatever it prints', () => {
    const key = fc.stringMatching(/^[A-Za-z_]\w{0,20}$/).filter((name) => name !== '__proto__');
    const value = fc
      .oneof(fc.string(), fc.constantFrom('\n', '\r\n', '"', "'", '\\', '$', ' # ', '\\n'))
      .map(String);
    fc.assert(
      fc.property(fc.dictionary(key, value), (values) => {
        expect(parseEnvFile(printEnvFile(values))).toEqual({ ...values });
      }),
      { numRuns: 1000 },
    );
  });
});
