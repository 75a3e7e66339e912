import { describe, expect, test } from 'vitest';
import { anyVersionOf, planOn, type BuildPlan } from '../../../../buildpacks/plan.js';
import { choosePlanner } from '../../../../buildpacks/registry.js';
import { dockerfileOfPlan } from '../../../../daemon/engines/docker/build/as-dockerfile.js';
import { aTree } from '../../buildpacks/tree.js';

const NODE_APP = aTree({
  'package.json': { scripts: { build: 'tsc', start: 'node .' }, dependencies: { a: '1' } },
  'package-lock.json': '{}',
});
const context = { config: {}, images: false };

describe('the Dockerfile of a plan', () => {
  test('copies the files of each closed step before it, and the source after them', () => {
    const plan = choosePlanner(NODE_APP, context).plan(NODE_APP, context);
    const text = dockerfileOfPlan(plan, { web: 'npm start', worker: 'node worker.js' }, {}) ?? '';
    expect(text.split('\n')).toEqual([
      '# syntax=docker/dockerfile:1',
      expect.stringContaining('planner node'),
      expect.any(String),
      '',
      'FROM node:24-slim AS build',
      'WORKDIR /app',
      '',
      'COPY ["package.json","package-lock.json","./"]',
      '# Installing dependencies',
      'RUN --mount=type=cache,target=/tmp/cache/npm ["env","npm_config_audit=false","npm_config_fund=false","npm_config_update_notifier=false","NODE_ENV=development","npm_config_cache=/tmp/cache/npm","npm","ci","--include=dev"]',
      '',
      'COPY . .',
      '',
      '# Running the build script',
      expect.stringMatching(/^RUN --mount=.*"npm","run","build"\]$/),
      '',
      '# Not needed to run',
      'RUN rm -rf ./node_modules/.cache',
      '',
      'FROM node:24-slim',
      'WORKDIR /app',
      'ENV NODE_ENV="production"',
      'ENV NPM_CONFIG_UPDATE_NOTIFIER="false"',
      'ENV HOME="/app"',
      'ENV PATH="/app/node_modules/.bin:$PATH"',
      'COPY --from=build --chown=1000:1000 /app /app',
      'USER 1000:1000',
      '# worker: node worker.js',
      '# PORT is given by whoever runs it.',
      'CMD ["/bin/sh","-c","npm start"]',
      '',
    ]);
  });

  const PLAN: BuildPlan = {
    ...planOn(anyVersionOf('go')),
    planner: 'go',
    label: 'Go',
    tools: [anyVersionOf('node')],
    launchRuntime: anyVersionOf('system'),
    files: { 'a/b.mjs': "'one'\nEND\n" },
    buildConfig: ['PUBLIC_URL'],
  };

  test('has the tools of a second language, the plan’s own files and build arguments', () => {
    const text = dockerfileOfPlan(PLAN, {}, { node: 'mirror/node:22', system: 'debian:12' }) ?? '';
    expect(text).toContain('COPY --from=mirror/node:22 /usr/local/bin/node /usr/local/bin/node');
    expect(text).toContain("COPY <<'END_' ./a/b.mjs\n'one'\nEND\nEND_\nCOPY . .\nARG PUBLIC_URL\n");
    expect(text).toContain('FROM debian:12\n');
    expect(text).not.toContain('CMD');
  });

  test('is none where the source has one, and cannot be made for a version without an image', () => {
    const source = aTree({ Dockerfile: 'FROM scratch\n' });
    const own = choosePlanner(source, { config: {}, images: true }).plan(source, {
      config: {},
      images: true,
    });
    expect(dockerfileOfPlan(own, {}, {})).toBeNull();
    const runtime = { language: 'node', range: '>22 <20', asked: 'package.json asks' } as const;
    expect(() => dockerfileOfPlan({ ...PLAN, runtime }, {}, {})).toThrow(/^package.json asks, and no image/);
  });
});
