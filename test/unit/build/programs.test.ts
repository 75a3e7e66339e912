import { expect, test } from 'vitest';
import { programsOf, programWarnings } from '../../../daemon/build/programs.js';

test.each([
  ['bin/server --port 1', ['bin/server']],
  ['  ./run.sh', ['./run.sh']],
  ['exec ./run.sh; true', ['./run.sh']],
  ['A=1 B=two bin/x>log', ['bin/x']],
  ['server', []],
  ['cd bin && ./x', []],
  ['/usr/bin/x', []],
  ['../x', []],
  ['"bin/my server"', []],
  ['A="b c" bin/x', []],
  ['$HOME/bin/x', []],
  ['~/x', []],
  ['bin/*', []],
  ['(bin/x)', []],
  ['[ -e bin/x ] && bin/x', []],
  ['', []],
])('%j begins with the files %j of the app', (command, programs) => {
  expect(programsOf({ web: command })).toEqual(programs);
});

test('what is sure to fail is said of each process type', () => {
  const types = { web: 'bin/server', worker: 'bin/server -w', clock: './tick', other: 'node x.js' };
  const unstartable = [
    { path: 'bin/server', why: 'missing' },
    { path: './tick', why: 'not executable' },
  ] as const;
  expect(programWarnings(types, unstartable)).toEqual([
    expect.stringMatching(/^web: bin\/server is not in the slug/),
    expect.stringMatching(/^worker: bin\/server is not in the slug/),
    expect.stringMatching(/^clock: \.\/tick is not executable: .*`chmod \+x \.\/tick`/),
  ]);
});
