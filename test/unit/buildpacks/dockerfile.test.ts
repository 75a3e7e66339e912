import { describe, expect, test } from 'vitest';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, unknown>>;

const plan = (files: Files, images = true, stack: 'heroku-24' | 'container' | null = null): BuildPlan => {
  const source = aTree(files);
  const context = { config: {}, images, stack };
  return choosePlanner(source, context).plan(source, context);
};
const planOf = (dockerfile: string): BuildPlan => plan({ Dockerfile: dockerfile });
const basesOf = (dockerfile: string) => planOf(dockerfile).images[0]?.bases;
const refusal = (files: Files): string => {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PlanError) return `${error.message} / ${error.hint ?? ''}`;
    throw error;
  }
  return 'accepted';
};

describe('a Dockerfile', () => {
  test('wins over the other planners where the engine builds images', () => {
    const files = {
      Dockerfile: 'FROM node:20',
      'package.json': { scripts: { start: 'x' } },
      Procfile: 'web: x',
    };
    expect(plan(files)).toMatchObject({
      planner: 'dockerfile',
      label: 'Docker',
      steps: [],
      images: [
        { name: 'web', dockerfile: 'Dockerfile', context: '', target: null, args: {}, bases: ['node:20'] },
      ],
    });
    expect(plan(files, false)).toMatchObject({
      planner: 'node',
      images: [],
      warnings: [expect.stringMatching(/Dockerfile is not used.*tfk apps:engine docker/)],
    });
  });

  test('is passed over on the stack heroku-24, and is all that counts on container', () => {
    const files = { Dockerfile: 'FROM node:20', Procfile: 'web: x' };
    expect(plan(files, true, 'heroku-24')).toMatchObject({
      planner: 'procfile',
      warnings: [expect.stringMatching(/Dockerfile is not used.*tfk stack:set container/)],
    });
    expect(plan(files, true, 'container').planner).toBe('dockerfile');
    expect(() => plan({ Procfile: 'web: x' }, true, 'container')).toThrow(
      'Your app does not include a heroku.yml build manifest, nor a Dockerfile.',
    );
    expect(() => plan(files, false, 'container')).toThrow(
      'The stack of this app is container, which needs the Docker engine.',
    );
    expect(() => plan({ Dockerfile: 'FROM node:20' }, true, 'heroku-24')).toThrow('No planner recognises');
  });

  test('names its bases in their order, each once, without stages of its own and scratch', () => {
    expect(
      basesOf(
        'FROM golang:1 AS build\nFROM node:20 AS node\nFROM scratch\nCOPY --from=BUILD /a /a\n' +
          'COPY --from=1 /n /n\nCOPY --from=busybox:1 /b /b\nRUN --mount=type=bind,from=alpine,target=/x true\n' +
          'COPY --from=golang:1 /c /c\n',
      ),
    ).toEqual(['golang:1', 'node:20', 'busybox:1', 'alpine']);
  });

  test('leaves out what the image is not made of', () => {
    expect(basesOf('FROM cypress AS test\nRUN x\nFROM node:20 AS base\nFROM base AS last')).toEqual([
      'node:20',
    ]);
  });

  test('may call a stage like the image it is made from', () => {
    expect(basesOf('FROM node AS node\nFROM node')).toEqual(['node']);
  });

  test.each([
    ['ARG V=20\nFROM node:${V}-slim', ['node:20-slim']],
    ['ARG V=20\nARG I="node:$V"\nFROM $I', ['node:20']],
    ['FROM node:${V:-18}', ['node:18']],
    ['ARG V\nFROM node:20${V:+-slim}${V}', ['node:20']],
    ['ARG V=x\nFROM node:20${V:+-slim}', ['node:20-slim']],
    ['FROM --platform=$BUILDPLATFORM golang', ['golang']],
    ['FROM app-$TARGETARCH', []],
    ['from node:20\nrun <<EOF\nFROM nothing\nEOF', ['node:20']],
  ])('has the variables of its FROM lines put in: %j', (dockerfile, bases) => {
    expect(basesOf(dockerfile)).toEqual(bases);
  });

  test.each([
    ['', /Dockerfile has no FROM line/],
    ['# only this', /no FROM line/],
    ['RUN x\nFROM y', /Dockerfile line 1 is before the first FROM/],
    ['ARG V\n\nFROM node:$V', /Dockerfile line 3: FROM node:\$V: its variable has no value/],
    ['FROM $IMAGE', /line 1: FROM \$IMAGE: its variable has no value/],
    [`FROM x\n${'# long\n'.repeat(10_000)}`, /over 64 KiB/],
  ])('is refused where no image can come of it: %j', (dockerfile, message) => {
    expect(refusal({ Dockerfile: dockerfile })).toMatch(message);
  });

  test('is read quickly however its comments are', () => {
    const started = performance.now();
    planOf(`FROM x\n${'#'.repeat(60_000)}`);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('is warned of with the line, and its health check is noted', () => {
    const { warnings, notes } = planOf(
      '# syntax=docker/dockerfile:1.7\nFROM a AS base\nUSER node\nHEALTHCHECK CMD true\nFROM base\nUSER root:root\n',
    );
    expect(warnings).toEqual([
      expect.stringMatching(/^Dockerfile line 1: .*docker\/dockerfile:1\.7 is fetched only if/),
      expect.stringMatching(/^Dockerfile line 6: USER root: the dynos run as root/),
    ]);
    expect(notes).toContain('HEALTHCHECK of Dockerfile line 4 tells when a dyno is ready');
  });
});

const yml = (text: string, files: Files = {}): BuildPlan =>
  plan({
    Dockerfile: 'FROM a\nCMD ["run", "a b"]',
    'w/Dockerfile': 'FROM b\nCMD go',
    'heroku.yml': text,
    ...files,
  });
const ymlRefusal = (text: string): string =>
  refusal({ Dockerfile: 'FROM a', 'w/Dockerfile': 'FROM b AS prod', 'heroku.yml': text });

describe('heroku.yml', () => {
  test('names several images, the main one first, with their stages, arguments and process types', () => {
    const found = yml(
      'build:\n  docker:\n    worker:\n      dockerfile: ./w/Dockerfile\n      target: prod\n    web: Dockerfile\n' +
        '  config:\n    VERSION: 1.10\nrun:\n  web: node server.js\n  admin: {command: [a, b], image: worker}\n' +
        'release:\n  command:\n    - ./migrate\n  image: worker\n',
      { 'w/Dockerfile': 'FROM b AS prod\nENTRYPOINT ["/e"]\nCMD ["it\'s"]\nFROM c' },
    );
    expect(found.images).toEqual([
      {
        name: 'web',
        dockerfile: 'Dockerfile',
        context: '',
        target: null,
        args: { VERSION: '1.10' },
        bases: ['a'],
        serves: ['web'],
        command: null,
      },
      {
        name: 'worker',
        dockerfile: 'w/Dockerfile',
        context: 'w',
        target: 'prod',
        args: { VERSION: '1.10' },
        bases: ['b'],
        serves: ['worker', 'admin', 'release'],
        command: "/e 'it'\\''s'",
      },
    ]);
    expect(found.defaultProcessTypes).toEqual({
      web: 'node server.js',
      worker: "/e 'it'\\''s'",
      admin: 'a && b',
      release: './migrate',
    });
  });

  test('leaves the command of web to its image, and lets another type run the same', () => {
    const found = yml('build: {docker: {web: Dockerfile}}\nrun: {second: {image: web}}');
    expect(found.defaultProcessTypes).toEqual({ second: "run 'a b'" });
    expect(found.images).toMatchObject([{ serves: ['web', 'second'], command: "run 'a b'" }]);
  });

  test('gives its arguments to the FROM lines', () => {
    const found = yml('build:\n  docker: {web: Dockerfile}\n  config: {V: 2}', {
      Dockerfile: 'ARG V=1\nFROM n:$V',
    });
    expect(found.images[0]?.bases).toEqual(['n:2']);
  });

  test('stands below a Procfile, and says so', () => {
    const found = yml('build: {docker: {web: Dockerfile, worker: w/Dockerfile}}\nrun: {web: x}', {
      Procfile: 'web: y\nworker: z',
    });
    expect(found.defaultProcessTypes).toEqual({ web: 'x' });
    expect(found.warnings).toContain('heroku.yml: the command of web is not used: the Procfile declares web');
  });

  test('is warned of where something has no meaning here, with lines and what was probably meant', () => {
    const { warnings } = yml(
      'setup:\n  addons:\n    - plan: heroku-postgresql\n  config: {A: b}\nbuild:\n  docker: {web: Dockerfile}\nruns:\n  web: x\n',
    );
    expect(warnings).toEqual([
      'heroku.yml line 7: runs: unknown field, did you mean run?',
      'heroku.yml line 2: setup/addons is not used: "addons" of app.json says the same',
      'heroku.yml line 4: setup/config is not used: "env" of app.json says the same',
    ]);
  });

  test('without build.docker is left aside', () => {
    expect(yml('build:\n  languages: [x]')).toMatchObject({
      images: [{ name: 'web' }],
      warnings: ['heroku.yml is not used: it has no build.docker'],
    });
  });

  test.each([
    ['build:\n  docker: [web\n', /^heroku.yml line \d+ is not valid YAML: /],
    [
      'build:\n  docker:\n    web: Dockerfile\n    web: Dockerfile\n',
      /line 4 is not valid YAML: Map keys must be unique/,
    ],
    ['build:\n  docker: web\n', /line 2: build\/docker: should be an object/],
    ['build:\n  docker: {}\n', /line 2: build\/docker: names no image/],
    ['build:\n  docker:\n    web:\n      target: x\n', /line 3: build\/docker\/web\/dockerfile: is missing/],
    [
      'build:\n  docker:\n    "a b": Dockerfile\n',
      /line 3: build\/docker\/a b: is not the name of a process type/,
    ],
    [
      'build:\n  docker:\n    web: nope/Dockerfile\n',
      /line 3: build\/docker\/web: the source has no file nope/,
    ],
    ['build:\n  docker:\n    web: ../Dockerfile\n', /line 3: .*no file \.\.\/Dockerfile.*without a leading/],
    ['build:\n  docker:\n    web: /etc/passwd\n', /the source has no file \/etc\/passwd/],
    [
      'build:\n  docker:\n    web: {dockerfile: w/Dockerfile, target: prd}',
      /no stage prd\. \/ Did you mean prod/,
    ],
    [
      'build:\n  docker: {web: Dockerfile}\nrun:\n  x: {image: wb}\n',
      /line 4: run\/x\/image: .*no image wb.*mean web/,
    ],
    [
      'build:\n  docker:\n    web: Dockerfile\n    w: w/Dockerfile\n',
      /run\/w: it has no command, and neither has/,
    ],
    ['build:\n  docker: {web: Dockerfile}\nrelease:\n  image: web\n', /line 3: release: it has no command/],
    [
      'a: &a [x, x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nbuild: {docker: *c}',
      /not valid/,
    ],
  ])('is refused with the line: %j', (text, message) => {
    expect(ymlRefusal(text)).toMatch(message);
  });
});
