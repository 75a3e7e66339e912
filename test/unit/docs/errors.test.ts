import { describe, expect, it } from 'vitest';
import * as platform from '../../../daemon/logs/platform.js';
import { FAILURES, requestError, responseRestriction } from '../../../daemon/router/proxy/failures.js';
import { ERROR_STATUS } from '../../../daemon/shared/errors.js';
import { codeRows, filesOf, section, textOf } from './support.js';

const page = textOf('docs/errors.md');
const rowsOf = (heading: string): string[][] => codeRows(section(page, heading));
const codesOf = (heading: string): string[] => rowsOf(heading).map(([code]) => code ?? '');

/** The codes that lines of a log can begin with. */
const logged = (letter: string): string[] =>
  [...new Set(textOf('daemon/logs/platform.ts').match(new RegExp(`(?<=Error )${letter}\\d\\d`, 'g')))].sort();

describe('docs/errors.md', () => {
  it('has every error id with its status, in that order, and no other', () => {
    const documented = rowsOf('## Error ids of the API').map(([id, status]) => [id, Number(status)]);
    expect(documented).toEqual(Object.entries(ERROR_STATUS));
  });

  it('says of each id when it comes and what to do', () => {
    for (const [id, , when = '', what = ''] of rowsOf('## Error ids of the API')) {
      expect(when.length, id).toBeGreaterThan(10);
      expect(what.length, id).toBeGreaterThan(5);
    }
  });

  it('has every code of the router with its status, and no other', () => {
    const failures = [
      ...Object.values(FAILURES),
      responseRestriction('any'),
      requestError(400, 'any'),
      requestError(421, 'any'),
    ];
    const status = ({ code, status }: { code: string; status: number }) =>
      code === 'H26' ? '4xx' : String(status);
    const wanted = failures.map((failure) => [failure.code, status(failure)] as const);
    expect(rowsOf('## H: requests').map(([code, status]) => [code, status])).toEqual(
      [...wanted].sort(([a], [b]) => a.localeCompare(b)),
    );
  });

  it('has every R and L code that a log can have, and no other', () => {
    expect(codesOf('## R: dynos')).toEqual(logged('R'));
    expect(codesOf('## L: the log itself')).toEqual(logged('L'));
  });

  it('finds no such code that is written past daemon/logs/platform.ts', () => {
    expect(Object.keys(platform)).not.toEqual([]);
    const elsewhere = filesOf('daemon', '.ts').filter(
      (path) => path !== 'daemon/logs/platform.ts' && /Error [RL]\d\d/.test(textOf(path)),
    );
    expect(elsewhere).toEqual([]);
  });
});
