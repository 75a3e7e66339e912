import { expect, test } from 'vitest';
import { asksSource, wantedBuildpacks } from '../../../daemon/build/buildpacks/chosen.js';
import { aTree } from '../buildpacks/tree.js';

const SOURCE = aTree({ 'app.json': { buildpacks: [{ url: 'heroku/nodejs' }] } });

test('the buildpacks of app.json count at the first push, where neither some nor a builder is set on the app', () => {
  const wanted = (set: string[], isNew: boolean, config: Record<string, string> = {}) =>
    wantedBuildpacks(set, SOURCE, { isNew: asksSource({ isNew, config }) });
  expect(wanted([], true)).toEqual(['heroku/nodejs']);
  expect(wanted([], false)).toEqual([]);
  expect(wanted(['heroku/go'], true)).toEqual(['heroku/go']);
  expect(wanted([], true, { TFK_BUILDER: 'x' })).toEqual([]);
});
