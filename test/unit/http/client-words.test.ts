import { describe, expect, it } from 'vitest';
import { commandNames } from '../../../cli/catalogue.js';
import { inHerokusWords, isOwnClient, SHARED_COMMANDS } from '../../../daemon/http/client-words.js';
import { errorBody } from '../../../daemon/http/errors.js';
import { TfkError } from '../../../daemon/shared/errors.js';
import { codeRows, filesOf, textOf } from '../docs/support.js';

describe('commands that both CLIs have', () => {
  it('are commands of ours, and work with Heroku’s by docs/heroku-compatibility.md', () => {
    const works = codeRows(textOf('docs/heroku-compatibility.md'))
      .filter(([, verdict]) => verdict === 'works')
      .map(([name]) => name);
    const names = Object.keys(SHARED_COMMANDS);
    expect(names.filter((name) => !commandNames().includes(name))).toEqual([]);
    expect(names.filter((name) => !works.includes(name))).toEqual([]);
  });

  it('are all told by some hint', () => {
    const source = filesOf('daemon', '.ts').map(textOf).join('\n');
    const told = [...source.matchAll(/\btfk ([a-z]+(?::[a-z]+)*)/g)].map(([, name]) => name);
    expect(Object.keys(SHARED_COMMANDS).filter((name) => !told.includes(name))).toEqual([]);
  });
});

describe('a hint in the words of Heroku’s CLI', () => {
  it.each([
    ['List them: tfk ps -a shop', 'List them: heroku ps -a shop'],
    ['List the apps: tfk apps', 'List the apps: heroku apps'],
    ['See what runs (`tfk ps`).', 'See what runs (`heroku ps`).'],
    [
      'Take it out first: tfk pipelines:remove -a shop-staging',
      'Take it out first: heroku pipelines:remove -a shop-staging',
    ],
    [
      'Type: tfk webhooks:add -i api:addon -l sync -u URL -a APP',
      'Type: heroku webhooks:add -i api:addon -l sync -u URL -a APP',
    ],
    ['See tfk ps, then tfk ps:stop run.NNNN.', 'See heroku ps, then tfk ps:stop run.NNNN.'],
    ['See: tfk releases. Then: tfk releases:retry', 'See: heroku releases. Then: tfk releases:retry'],
    ['See: tfk releases then tfk releases:retry', 'See: heroku releases then tfk releases:retry'],
  ])('%s', (ours, herokus) => expect(inHerokusWords(ours)).toBe(herokus));

  it.each([
    'Type: tfk auth:token --scope read',
    'Type: tfk auth:token',
    'Type: tfk doctor',
    'Type: tfk daemon logs',
    'Type: tfk push --image NAME -a shop',
    'Type: tfk apps:engine docker -a shop',
    'Type: tfk apps --json',
    'This tfk has no such engine.',
    'Type: tfk constructor',
    'Did you mean tfk-apps?',
  ])('stays where it is not certain: %s', (hint) => expect(inHerokusWords(hint)).toBe(hint));
});

describe('the body of an error', () => {
  const error = new TfkError('not_found', 'There is no app "x".', {
    resource: 'app',
    hint: 'List the apps: tfk apps',
  });

  it('has message and hint for our own client', () => {
    expect(errorBody(error, true)).toEqual({
      id: 'not_found',
      resource: 'app',
      message: 'There is no app "x".',
      hint: 'List the apps: tfk apps',
    });
  });

  it('has both in the message for others', () => {
    expect(errorBody(error, false)).toEqual({
      id: 'not_found',
      resource: 'app',
      message: 'There is no app "x". List the apps: heroku apps',
    });
  });

  it('has the message alone where there is no hint', () => {
    const bare = new TfkError('forbidden', 'No.');
    for (const own of [true, false])
      expect(errorBody(bare, own)).toEqual({ id: 'forbidden', message: 'No.' });
  });

  it.each([
    ['application/vnd.heroku+json; version=3.tfk', true],
    ['application/vnd.heroku+json; version=3.sdk', false],
    ['application/vnd.heroku+json; version=3', false],
    [undefined, false],
  ])('knows who asks by Accept: %s', (accept, own) => expect(isOwnClient({ accept })).toBe(own));
});
