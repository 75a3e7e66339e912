import { expect, it, onTestFinished } from 'vitest';
import type { AppJson } from '../../../buildpacks/app-json.js';
import type { Addons } from '../../../daemon/addons/addons.js';
import { FirstDeploy } from '../../../daemon/main/first-deploy.js';
import { Apps } from '../../../daemon/release/apps.js';
import type { Releases } from '../../../daemon/release/releases.js';
import { systemClock as clock } from '../../../daemon/shared/clock.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const ACTOR = 'ada@example.com';
const output = { step: () => undefined, detail: () => undefined, warning: () => undefined };

function world(slugId: string | null) {
  const store = Store.open(tempHome());
  onTestFinished(() => store.close());
  store.account.ensure(ACTOR, clock.now());
  const app = new Apps(store, clock, () => undefined, 'process').create({ name: 'shop', actor: ACTOR });
  const releases = { current: () => ({ slugId, config: {} }) } as unknown as Releases;
  const addons = {} as unknown as Addons;
  const firstDeploy = new FirstDeploy(store, releases, addons, () => ACTOR);
  const setUp = (appJson: AppJson) =>
    firstDeploy.setUp({ appId: app.id, appJson, output, signal: new AbortController().signal });
  return { store, app, setUp, set: () => store.buildpackInstallations.list(app.id) };
}

const WISH: AppJson = {
  buildpacks: [{ url: 'urn:buildpack:heroku/nodejs' }, { url: 'https://example.com/x.git#v1' }],
};

it('sets the buildpacks of app.json, by which the first build was made', async () => {
  const { setUp, set } = world(null);
  await setUp(WISH);
  expect(set()).toEqual(['heroku/nodejs', 'https://example.com/x.git#v1']);
});

it('leaves those that were set, and those of an app that is there', async () => {
  const first = world(null);
  first.store.transaction(() =>
    first.store.buildpackInstallations.replace(first.app.id, ['heroku/procfile']),
  );
  await first.setUp(WISH);
  expect(first.set()).toEqual(['heroku/procfile']);
  const later = world('a-slug');
  await later.setUp(WISH);
  expect(later.set()).toEqual([]);
});
