import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAppJson } from '../../../buildpacks/app-json.js';
import { parseProcfile } from '../../../buildpacks/procfile.js';
import { EXAMPLES, asExample, exampleNames, readExample } from '../../support/example.js';
import { aTree } from '../buildpacks/tree.js';

describe.each(exampleNames())('the example %s', (name) => {
  const text = (file: string) => readFileSync(join(EXAMPLES, name, file), 'utf8');

  it('says what must be true of it, of process types that there are', () => {
    const { checks, process_types: types } = readExample(name);
    expect(types).toEqual(expect.arrayContaining(Object.keys(parseProcfile(text('Procfile')))));
    for (const check of checks) if ('log' in check && check.process) expect(types).toContain(check.process);
  });

  it('has an app.json without a warning', () => {
    expect(readAppJson(aTree({ 'app.json': text('app.json') }))?.warnings).toEqual([]);
  });

  it('points in its README at lines that are what it says they are', () => {
    const pointers = [...text('README.md').matchAll(/`([\w./-]+):(\d+)`\s+`([^`]+)`/g)];
    for (const [, file = '', line = '', quoted = ''] of pointers)
      expect(text(file).split('\n')[Number(line) - 1] ?? '', `${file}:${line}`).toContain(quoted);
    const factors = [...text('README.md').matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number));
    expect(factors).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });
});

it('what is no example.json is refused with the place', () => {
  const broken = (checks: unknown) => () =>
    asExample(JSON.stringify({ planner: 'a', process_types: [], checks }), 'x');
  expect(broken([{ request: 'GET /', state: 200 }])).toThrow(/x:\n\/checks\/0/);
  expect(broken([{ run: 'a', output: '(' }])).toThrow(/Invalid regular expression/);
  expect(broken([])).toThrow(/fewer than 1/);
  expect(broken([{ log: 'a' }])).not.toThrow();
});
