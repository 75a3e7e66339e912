import { describe, expect, it } from 'vitest';
import { closest, didYouMean } from '../../../cli/closest.js';
import { changesOf, pairsOf } from '../../../cli/config-vars/pairs.js';
import { readConfig } from '../../../cli/config.js';
import { UsageError } from '../../../cli/errors.js';
import { commandLine } from '../../../cli/output/shell.js';
import { nowRunning, parseScale } from '../../../cli/scale.js';
import { slugified } from '../../../cli/source/app-for-folder.js';

describe('scale arguments', () => {
  it.each([
    ['web=4', { type: 'web', quantity: '4' }],
    ['worker+1', { type: 'worker', quantity: '+1' }],
    ['worker-1', { type: 'worker', quantity: '-1' }],
    ['web=2:standard-2x', { type: 'web', quantity: '2', size: 'standard-2x' }],
    ['my-type=0', { type: 'my-type', quantity: '0' }],
  ])('%s is understood', (word, update) => {
    expect(parseScale(word)).toEqual(update);
  });

  it.each(['web=-1', 'web=abc', 'web=', 'web', '=1', 'web=1.5', 'web=1:', 'web = 1'])(
    '%s is refused',
    (word) => {
      expect(() => parseScale(word)).toThrow(UsageError);
    },
  );

  it('only the types that were asked for are told', () => {
    const formation = [
      { type: 'web', quantity: 4, size: 'Standard-2X' },
      { type: 'worker', quantity: 1, size: 'Standard-1X' },
    ];
    expect(nowRunning(formation, [{ type: 'web' }])).toBe('web at 4:Standard-2X');
  });
});

describe('what was probably meant', () => {
  const names = ['apps', 'ps', 'ps:scale', 'releases', 'rollback', 'config:set'];

  it.each([
    ['relases', ['releases']],
    ['rollbakc', ['rollback']],
    ['config:ste', ['config:set']],
    ['zzzzzz', []],
  ])('%s → %j', (typed, likely) => {
    expect(closest(typed, names)).toEqual(likely);
  });

  it('is asked as a question', () => {
    expect(didYouMean([])).toBeUndefined();
    expect(didYouMean(['web'])).toBe('Did you mean web?');
    expect(didYouMean(['web', 'worker', 'clock'])).toBe('Did you mean web, worker or clock?');
  });
});

describe('config pairs', () => {
  const noStdin = (async function* () {})();

  it('are split at the first =', async () => {
    await expect(pairsOf(['URL=a=b', 'EMPTY='], noStdin)).resolves.toEqual({ URL: 'a=b', EMPTY: '' });
  });

  it('come from a .env file on stdin with -', async () => {
    const stdin = (async function* () {
      yield Buffer.from('A=1\nB="tw');
      yield Buffer.from('o"\n');
    })();
    await expect(pairsOf(['-', 'B=three'], stdin)).resolves.toEqual({ A: '1', B: 'three' });
  });

  it.each(['A', '=x'])('%s is refused', async (word) => {
    await expect(pairsOf([word], noStdin)).rejects.toThrow(UsageError);
  });

  it('an edited set leads to what is set and what is removed', () => {
    expect(changesOf({ A: '1', B: '2', C: '3' }, { A: '1', B: 'x', D: '' })).toEqual({
      B: 'x',
      C: null,
      D: '',
    });
  });
});

describe('a command line', () => {
  it.each([
    [['echo $HOME; ls'], 'echo $HOME; ls'],
    [['sh', '-c', 'exit 7'], "sh -c 'exit 7'"],
    [['echo', "it's", '', '$x'], `echo 'it'\\''s' '' '$x'`],
  ])('%j becomes %s', (words, line) => {
    expect(commandLine(words)).toBe(line);
  });
});

describe('a name for the app of a folder', () => {
  it.each([
    ['users-api', 'users-api'],
    ['My Träge_App!', 'my-trage-app'],
    ['2048', 'app-2048'],
    ['x', 'x-app'],
    ['漢字', 'app'],
    ['', 'app'],
    ['a'.repeat(50), 'a'.repeat(30)],
    [`${'a'.repeat(29)}-b`, 'a'.repeat(29)],
  ])('%j becomes %s', (folder, name) => {
    expect(slugified(folder)).toBe(name);
    expect(slugified(folder)).toMatch(/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/);
  });
});

describe('the environment', () => {
  it('names the home, and ~/.tfk without', () => {
    expect(readConfig({}, '/cwd', '/home/me').home).toBe('/home/me/.tfk');
    expect(readConfig({ TFK_HOME: 'other' }, '/cwd', '/home/me').home).toBe('/cwd/other');
  });

  it.each([
    [{}, 'on terminals'],
    [{ NO_COLOR: '1' }, 'never'],
    [{ NO_COLOR: '' }, 'on terminals'],
    [{ FORCE_COLOR: '1' }, 'always'],
    [{ FORCE_COLOR: '0' }, 'never'],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, 'never'],
  ])('%j: colours %s', (env, colour) => {
    expect(readConfig(env, '/', '/').colour).toBe(colour);
  });
});
