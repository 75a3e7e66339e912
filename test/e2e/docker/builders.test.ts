import { afterAll, beforeAll, expect, it } from 'vitest';
import { aBuilder, type TestBuilder } from '../../docker/cnb/support.js';
import { describeDocker, removeAllOf } from '../../support/docker.js';
import { namesOf } from '../../support/engine-under-test.js';
import { Installation } from '../../support/installation.js';

const SERVER = `
const { COLOUR, FROM_EXEC_D, FROM_PROFILE, SECRET } = process.env;
const { execFileSync } = require('node:child_process');
const tool = execFileSync('tool', { encoding: 'utf8' }).trim();
require('node:http')
  .createServer((request, response) => response.end(JSON.stringify({ COLOUR, FROM_EXEC_D, FROM_PROFILE, SECRET, tool })))
  .listen(process.env.PORT);
`;
const SEEN = {
  COLOUR: 'red',
  FROM_EXEC_D: 'yes',
  FROM_PROFILE: 'yes',
  SECRET: 'hunter2',
  tool: 'from the layer',
};

await describeDocker('An app with a builder', ({ docker }) => {
  const tfk = new Installation({ TFK_ENGINE: 'docker' });
  let images: TestBuilder;
  let folder = '';

  beforeAll(async () => {
    images = await aBuilder(docker, 'scripted');
    folder = tfk.source('shop', {
      'server.js': SERVER,
      'deps.lock': 'one',
      Procfile: 'clock: echo "$COLOUR"',
    });
    await tfk.ok('apps:create', 'shop');
    await tfk.ok('config:set', `TFK_BUILDER=${images.builder}`, 'SECRET=hunter2', '-a', 'shop');
  });
  afterAll(async () => {
    await tfk.remove();
    await removeAllOf(docker, namesOf(tfk));
    await images.remove();
  });

  it('is planned by it, and has no Dockerfile', async () => {
    const plan = JSON.parse(await tfk.ok('plan', folder, '-a', 'shop', '--json')) as { builder: object };
    expect(plan.builder).toEqual({ image: images.builder, group: [], files: null, env: {} });
    expect(await tfk.ok('plan', folder, '-a', 'shop')).toContain('/cnb/lifecycle/detector');
    const refused = await tfk.tfk('plan', folder, '-a', 'shop', '--dockerfile');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`pack build NAME --builder ${images.builder}`);
  });

  it('serves requests in the environment of its buildpacks and its config', async () => {
    await tfk.ok('push', folder, '-a', 'shop');
    const answer = await tfk.get('shop');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(SEEN);
    const ps = await tfk.ok('ps', '-a', 'shop');
    expect(ps).toMatch(/\/cnb\/process\/web/);
  });

  it('runs commands and enters dynos in the same environment', async () => {
    const say = 'echo "$COLOUR $FROM_EXEC_D $FROM_PROFILE $(tool)"; exit 3';
    const ran = await tfk.tfk('run', '-a', 'shop', '--', 'sh', '-c', say);
    expect(ran).toMatchObject({ code: 3, stdout: 'red yes yes from the layer\n' });
    expect(await tfk.ok('run', '-a', 'shop', 'clock')).toBe('red\n');
    const entered = await tfk.ok('ps:exec', 'web.1', '-a', 'shop', '--', 'tool');
    expect(entered).toBe('from the layer\n');
  });

  it('is not built while buildpacks are set besides, and runs on', async () => {
    await tfk.ok('buildpacks:set', 'heroku/nodejs', '-a', 'shop');
    const both = await tfk.tfk('push', folder, '-a', 'shop');
    expect(both.code).toBe(1);
    expect(both.stdout + both.stderr).toMatch(/buildpacks are set on the app[\s\S]*tfk buildpacks:clear/);
    await tfk.ok('buildpacks:clear', '-a', 'shop');
    expect((await tfk.get('shop')).status).toBe(200);
  });
});
