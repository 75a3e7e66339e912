import { expect, it } from 'vitest';
import { heard } from '../../../daemon/engines/build/heard.js';

it.each([
  ['-----> Installing', 'step Installing'],
  [' !     Careful', 'warning Careful'],
  [' ! Careful', 'warning Careful'],
  ['       indented', 'detail indented'],
  ['         more', 'detail   more'],
  ['plain', 'detail plain'],
  ['------> too long', 'detail ------> too long'],
])('%j in the output of a buildpack is %s', (line, said) => {
  const lines: string[] = [];
  const say = (kind: string) => (text: string) => void lines.push(`${kind} ${text}`);
  heard({ step: say('step'), detail: say('detail'), warning: say('warning') }, line);
  expect(lines).toEqual([said]);
});
