import { describe, expect, test } from 'vitest';
import { readRelease } from '../../../buildpacks/classic/release.js';
import { decide } from '../../../daemon/build/decide.js';
import { aTree } from './tree.js';

/** Ten lists, each ten times the one before. */
const BOMB = Array.from({ length: 10 }, (_, index) => {
  const before = index === 0 ? '"x"' : `*a${index - 1}`;
  return `a${index}: &a${index} [${Array.from({ length: 10 }, () => before).join(', ')}]`;
}).join('\n');

const NESTED = '['.repeat(100_000) + ']'.repeat(100_000);

describe('what is small on disk and great in memory is refused by the name of its file', () => {
  test.each<[string, Record<string, unknown>]>([
    ['heroku.yml', { 'heroku.yml': `${BOMB}\nbuild: {docker: {web: Dockerfile}}`, Dockerfile: 'FROM x' }],
    [
      'pnpm-workspace.yaml',
      { 'pnpm-workspace.yaml': `${BOMB}\npackages: [a]`, 'package.json': { workspaces: ['a'] } },
    ],
    ['app.json', { 'app.json': `{"environments": ${NESTED}}`, Procfile: 'web: x' }],
    ['package.json', { 'package.json': `{"private": ${NESTED}}` }],
    ['static.json', { 'static.json': `{"proxies": ${NESTED}}`, 'index.html': '' }],
  ])('%s', (file, files) => {
    const context = { config: {}, images: true };
    expect(() => JSON.stringify(decide(aTree(files), context))).toThrow(
      expect.objectContaining({ name: 'PlanError', message: expect.stringContaining(file) as string }),
    );
  });

  test('bin/release', () => {
    expect(readRelease(BOMB)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('alias') as string,
    });
  });
});
