import { expect, it } from 'vitest';
import { buildpackOf, buildpacks, registryUrl } from '../../../buildpacks/names.js';

it.each([
  'heroku/nodejs',
  'Heroku/NodeJS',
  'urn:buildpack:heroku/nodejs',
  registryUrl('heroku/nodejs'),
  'https://codon-buildpacks.s3.amazonaws.com/buildpacks/heroku/nodejs.tgz',
  'https://github.com/heroku/heroku-buildpack-nodejs',
  'https://github.com/heroku/heroku-buildpack-nodejs.git',
  'git@github.com:heroku/heroku-buildpack-nodejs.git',
])('%s is the buildpack of the Node.js planner', (reference) => {
  expect(buildpackOf(reference)).toMatchObject({ name: 'heroku/nodejs', planner: 'node' });
});

it.each([
  '',
  'heroku/cobol',
  'nodejs',
  'someone/nodejs',
  'https://github.com/someone/heroku-buildpack-nodejs',
  'https://github.com/heroku/heroku-buildpack-nodejs/evil',
  'https://github.com.example.com/heroku/heroku-buildpack-nodejs',
  'https://buildpack-registry.s3.amazonaws.com/buildpacks/heroku/nodejs.tgz?x',
])('%j is none', (reference) => {
  expect(buildpackOf(reference)).toBeUndefined();
});

it('each planner but that of Dockerfiles is one', () => {
  const planners = buildpacks.map(({ planner }) => planner);
  expect(planners).toEqual(expect.arrayContaining(['python', 'node', 'procfile']));
  expect(planners).not.toContain('dockerfile');
});
