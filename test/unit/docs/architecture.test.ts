import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { codeRows, filesOf, root, section, textOf } from './support.js';

const page = textOf('docs/architecture.md');

interface Rules {
  readonly forbidden: readonly { readonly name: string }[];
}

describe('docs/architecture.md', () => {
  it('has every import rule, in the order of the tool, with a reason', () => {
    const { forbidden } = createRequire(import.meta.url)(`${root}.dependency-cruiser.cjs`) as Rules;
    const rows = codeRows(section(page, '## Import rules'));
    expect(rows.map(([name]) => name)).toEqual(forbidden.map(({ name }) => name));
    expect(rows.filter(([, who = '', why = '']) => who.length < 5 || why.length < 10)).toEqual([]);
  });

  it('has ten invariants, each with a test that tries to break it', () => {
    const rows = section(page, '## What must always hold, and who tries to break it')
      .split('\n')
      .filter((line) => /^\| \d+\. /.test(line));
    expect(rows).toHaveLength(10);
    expect(rows.filter((row) => !/`test\/[^`]+\.ts`/.test(row))).toEqual([]);
  });
});

describe('the decisions', () => {
  const decisions = filesOf('docs/decisions', '.md').filter((path) => !path.endsWith('README.md'));

  it('are numbered without a gap, and listed', () => {
    const numbers = decisions.map((path) => Number(/\/(\d{4})-/.exec(path)?.[1])).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const list = textOf('docs/decisions/README.md');
    expect(decisions.filter((path) => !list.includes(`(${path.split('/').at(-1) ?? ''})`))).toEqual([]);
  });

  it('say context, decision and consequence on one screen', () => {
    for (const path of decisions) {
      const text = textOf(path);
      expect(text.split('\n').length, path).toBeLessThanOrEqual(41);
      expect(
        [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]),
        path,
      ).toEqual(['Context', 'Decision', 'Consequence']);
    }
  });
});
