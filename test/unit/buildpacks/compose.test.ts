import { describe, expect, test } from 'vitest';
import { composePlans } from '../../../buildpacks/compose.js';
import { anyVersionOf, planOn, type BuildPlan, type BuildStep } from '../../../buildpacks/plan.js';

const step = (name: string, inputs: BuildStep['inputs']): BuildStep => ({
  name,
  title: name,
  inputs,
  commands: [['true']],
  env: {},
  caches: {},
  layers: inputs === 'source' ? [] : [name],
});

const python: BuildPlan = {
  ...planOn(anyVersionOf('python')),
  planner: 'python',
  label: 'Python',
  steps: [step('install', ['requirements.txt']), step('collectstatic', 'source')],
  defaultProcessTypes: { web: 'gunicorn' },
  launchEnv: { A: 'python', PYTHONUNBUFFERED: '1' },
  launchPath: ['.venv/bin'],
};
const node: BuildPlan = {
  ...planOn({ language: 'node', range: '22.x', asked: 'package.json asks' }),
  planner: 'node',
  label: 'Node.js',
  steps: [step('install', ['package.json']), step('build', 'source'), step('prune', ['package.json'])],
  defaultProcessTypes: { web: 'npm start' },
  launchEnv: { A: 'node', NODE_ENV: 'production' },
  launchPath: ['node_modules/.bin'],
  exclude: ['node_modules/.cache'],
};

describe('a plan of two languages', () => {
  const both = composePlans([node], python);

  test('installs the main language, lets the other build, and ends with the main one over all of it', () => {
    expect(both.steps.map(({ name }) => name)).toEqual([
      'install',
      'node-install',
      'node-build',
      'node-prune',
      'collectstatic',
    ]);
  });

  test('runs as the main one, which finds the other’s tools', () => {
    expect(both).toMatchObject({
      planner: 'python',
      label: 'Python and Node.js',
      runtime: { language: 'python' },
      launchRuntime: { language: 'python' },
      tools: [{ language: 'node', range: '22.x' }],
      defaultProcessTypes: { web: 'gunicorn' },
      launchEnv: { A: 'python', PYTHONUNBUFFERED: '1', NODE_ENV: 'production' },
      launchPath: ['.venv/bin', 'node_modules/.bin'],
      exclude: ['node_modules/.cache'],
    });
  });

  test('is the main one’s own where there is no other', () => {
    expect(composePlans([], python)).toBe(python);
  });
});
