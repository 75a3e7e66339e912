import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../cli/database/address.js';
import { answerLines } from '../../../cli/database/print.js';
import { isBlank, splitStatements } from '../../../cli/database/statements.js';
import { UserError } from '../../../cli/errors.js';

describe('statements', () => {
  it.each([
    ['select 1', [], 'select 1'],
    ['select 1; select 2;', ['select 1', 'select 2'], ''],
    ["select ';' ; x", ["select ';'"], ' x'],
    ["select 'it''s;'; ", ["select 'it''s;'"], ' '],
    ['select ";" -- ;\n, 2;', ['select ";" -- ;\n, 2'], ''],
    ['/* ; */ select 1;', ['/* ; */ select 1'], ''],
    ['do $x$ begin; end; $x$;', ['do $x$ begin; end; $x$'], ''],
    ['do $$ a; $x$ b; $$; c', ['do $$ a; $x$ b; $$'], ' c'],
    [';;', [], ''],
    ["select 'open; ", [], "select 'open; "],
  ])('%j', (sql, statements, rest) => {
    expect(splitStatements(sql)).toEqual({ statements, rest });
  });

  it('are split alike whatever comes in pieces', () => {
    const piece = fc.constantFrom("';'", '";"', 'a', ' ', ';', '$$;$$', '--;\n', '/*;*/');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { statements, rest } = splitStatements(pieces.join(''));
        const ends = pieces.filter((text) => text === ';').length;
        expect(statements.length).toBeLessThanOrEqual(ends);
        expect([...statements, rest].every((text) => !/^[^'"$\-/]*;/.test(text))).toBe(true);
      }),
    );
  });

  it('may be nothing but comments', () => {
    expect(isBlank(' -- x\n /* y */ ')).toBe(true);
    expect(isBlank('-- x\n1')).toBe(false);
  });
});

describe('answers', () => {
  it('look as those of psql', () => {
    const answer = {
      command: 'SELECT',
      rowCount: 2,
      fields: [
        { name: 'id', number: true },
        { name: 'username', number: false },
      ],
      rows: [
        ['1', 'ada'],
        ['10', null],
      ],
    };
    expect(answerLines(answer)).toEqual([
      ' id | username ',
      '----+----------',
      '  1 | ada',
      ' 10 |',
      '(2 rows)',
      '',
    ]);
  });

  it('with one row say so', () => {
    const answer = {
      command: 'SELECT',
      rowCount: 1,
      fields: [{ name: '?column?', number: true }],
      rows: [['1']],
    };
    expect(answerLines(answer)).toEqual([' ?column? ', '----------', '        1', '(1 row)', '']);
  });

  it('of changes count the rows', () => {
    expect(answerLines({ command: 'INSERT', rowCount: 3, fields: [], rows: [] })).toEqual(['INSERT 0 3']);
    expect(answerLines({ command: 'CREATE', rowCount: null, fields: [], rows: [] })).toEqual(['CREATE']);
  });

  it('show control characters of values', () => {
    const answer = {
      command: 'SELECT',
      rowCount: 1,
      fields: [{ name: 'x', number: false }],
      rows: [['a\x1b[2J\n']],
    };
    expect(answerLines(answer)[2]).toBe(' a\\x1b[2J\\n');
  });
});

describe('the address of a database', () => {
  it('is taken apart into the variables of libpq', () => {
    expect(
      addressOf('postgres://us%40er:p%2Fw@127.0.0.1:5433/my%20db?sslmode=disable', 'DATABASE_URL'),
    ).toEqual({
      PGHOST: '127.0.0.1',
      PGPORT: '5433',
      PGUSER: 'us@er',
      PGPASSWORD: 'p/w',
      PGDATABASE: 'my db',
      PGSSLMODE: 'disable',
    });
  });

  it('may be a socket', () => {
    expect(addressOf('postgresql://u:p@/db?host=/run/pg', 'X')).toMatchObject({
      PGHOST: '/run/pg',
      PGDATABASE: 'db',
    });
  });

  it.each(['redis://x', 'nonsense'])('is not %s, and the message does not repeat it', (url) => {
    expect(() => addressOf(url, 'X_URL')).toThrow(UserError);
    expect(() => addressOf(url, 'X_URL')).toThrow(/^X_URL holds no address/);
  });
});
