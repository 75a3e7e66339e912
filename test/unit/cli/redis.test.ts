import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../cli/errors.js';
import { redisAddress, redisCliArguments } from '../../../cli/redis/address.js';
import { answerLines, rawLines } from '../../../cli/redis/print.js';
import { wordsIn } from '../../../cli/redis/words.js';

describe('a typed line', () => {
  it.each<[string, string[]]>([
    ['PING', ['PING']],
    ['  SET   key value  ', ['SET', 'key', 'value']],
    ["SET \"a key\" 'it\\'s'", ['SET', 'a key', "it's"]],
    ['SET k "a\\nb\\x00\\"c\\\\"', ['SET', 'k', 'a\nb\x00"c\\']],
    ['EVAL \'return "x"\' 0', ['EVAL', 'return "x"', '0']],
    ['SET k ""', ['SET', 'k', '']],
    ['', []],
  ])('%j is taken apart as redis-cli does', (line, words) => {
    expect(wordsIn(line)).toEqual(words);
  });

  it.each(['SET "open', "SET 'open", 'SET "a"b', 'SET a"b"'])('%j is refused', (line) => {
    expect(wordsIn(line)).toBeNull();
  });

  it('gives back every text that was put in quotes', () => {
    const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (words) => {
        expect(wordsIn(words.map(quoted).join(' '))).toEqual(words);
      }),
    );
  });
});

describe('an answer', () => {
  it('is printed for people as redis-cli does', () => {
    expect(answerLines('OK')).toEqual(['OK']);
    expect(answerLines(3)).toEqual(['(integer) 3']);
    expect(answerLines(null)).toEqual(['(nil)']);
    expect(answerLines([])).toEqual(['(empty array)']);
    expect(answerLines(['a', ['b', 'c'], null])).toEqual(['1) a', '2) 1) b', '   2) c', '3) (nil)']);
  });

  it('is one value a line in a pipe', () => {
    expect(rawLines(['a', [1, null]])).toEqual(['a', '1', '']);
  });

  it('cannot steer the terminal', () => {
    expect(answerLines('a\x1b[2J')).toEqual(['a\\x1b[2J']);
    expect(rawLines('a\x1b[2J\nb')).toEqual(['a\\x1b[2J', 'b']);
  });
});

describe('the address of a Redis', () => {
  it('gives redis-cli all but the password', () => {
    const address = redisAddress('redis://:p%2Fw@127.0.0.1:20001', 'REDIS_URL');
    expect(address.password).toBe('p/w');
    expect(redisCliArguments(address)).toEqual(['-h', '127.0.0.1', '-p', '20001']);
    expect(redisCliArguments(redisAddress('rediss://u:p@h/2', 'X'))).toEqual([
      '-h',
      'h',
      '-p',
      '6379',
      '--user',
      'u',
      '-n',
      '2',
      '--tls',
      '--insecure',
    ]);
  });

  it.each(['postgres://u:p@h/db', 'redis://', 'nonsense'])(
    'is not %s, and the message does not repeat it',
    (url) => {
      expect(() => redisAddress(url, 'X_URL')).toThrow(UserError);
      expect(() => redisAddress(url, 'X_URL')).toThrow(/^X_URL holds no address/);
    },
  );
});
