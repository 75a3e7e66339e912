import { expect, test } from 'vitest';
import { HintFinder, shownCommand } from '../../../daemon/engines/build/failed-command.js';

test('the first hint whose words were printed is told, else the one without words', () => {
  const hints = [
    { when: 'no compiler', say: 'install one' },
    { say: 'always' },
    { when: 'late', say: 'never' },
  ];
  const finder = new HintFinder(hints);
  finder.see('late');
  expect(finder.found).toBe('always');
  finder.see('there is no compiler here');
  finder.see('more');
  expect(finder.found).toBe('install one');
  expect(new HintFinder().found).toBeUndefined();
});

test('a command is shown without the scripts in it', () => {
  expect(shownCommand(['sh', '-c', 'set -eu\nrun', 'pip', 'install'])).toBe('sh -c … pip install');
});
