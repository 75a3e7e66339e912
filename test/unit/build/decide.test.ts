import { describe, expect, test } from 'vitest';
import { decide } from '../../../daemon/build/decide.js';
import { aTree } from '../buildpacks/tree.js';

const SOURCE = aTree({ Procfile: 'web: true' });

describe('the config vars that a build is given', () => {
  const given = (config: Record<string, string>) => {
    const { plan, buildConfig } = decide(SOURCE, { config, images: false });
    return { names: plan.buildConfig, values: buildConfig };
  };

  test('are none, where the app does not ask for any', () => {
    expect(given({ SECRET: 's' })).toEqual({ names: [], values: {} });
  });

  test('are those that the app names, as far as they are there; the plan has only their names', () => {
    expect(given({ A: '1', B: '2', TFK_BUILD_CONFIG: 'B, MISSING constructor' })).toEqual({
      names: ['B'],
      values: { B: '2' },
    });
  });

  test('are all but what is said to the platform for a star', () => {
    const { plan, buildConfig } = decide(SOURCE, {
      config: { B: '2', A: '1', TFK_BUILD_CONFIG: '*', TFK_BUILDER: 'x' },
      images: true,
    });
    expect({ names: plan.buildConfig, values: buildConfig }).toEqual({
      names: ['A', 'B'],
      values: { A: '1', B: '2' },
    });
  });

  test('are said to be readable in an image of a Dockerfile', () => {
    const source = aTree({ Dockerfile: 'FROM scratch\n' });
    const config = { A: 'hidden value', TFK_BUILD_CONFIG: 'A' };
    const { warnings } = decide(source, { config, images: true });
    expect(warnings.join()).toMatch(/image's history: A\./);
    expect(warnings.join()).not.toContain('hidden value');
  });
});

test('an app.json that names process types which the build will bring is not warned of', () => {
  const source = aTree({ Procfile: 'clock: true', 'app.json': { formation: { web: { quantity: 2 } } } });
  const warningsOf = (config: Record<string, string>) => decide(source, { config, images: true }).warnings;
  expect(warningsOf({}).join()).toMatch(/there is no process type web/);
  expect(warningsOf({ TFK_BUILDER: 'some/builder' })).toEqual([]);
});

describe('an app of two languages', () => {
  const files = {
    'package.json': { scripts: { build: 'vite build' }, devDependencies: { vite: '5' } },
    'package-lock.json': '',
  };

  test('with buildpacks set in order has the last as its main one', () => {
    const source = aTree({ ...files, Procfile: 'web: ./serve' });
    const { plan } = decide(source, { config: {}, images: false, planners: ['node', 'procfile'] });
    expect(plan).toMatchObject({ planner: 'procfile', tools: [{ language: 'node' }] });
    expect(plan.steps.map(({ name }) => name)).toContain('node-build');
  });
});
