import { describe, expect, test } from 'vitest';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, unknown>>;

const plan = (files: Files, config: Readonly<Record<string, string>> = {}): BuildPlan => {
  const source = aTree(files);
  const context = { config, images: false };
  return choosePlanner(source, context).plan(source, context);
};
const refusal = (files: Files, config = {}): string => {
  try {
    plan(files, config);
  } catch (error) {
    if (error instanceof PlanError) return `${error.message} ${error.hint ?? ''}`;
    throw error;
  }
  return 'accepted';
};

const MAIN = 'package main\n\nfunc main() {}\n';
const LIBRARY = 'package lib\n';
const MOD = 'module example.com/me/hello\n\ngo 1.24\n';
const FLAGS = '-trimpath -buildvcs=false -modcacherw -tags heroku';
const built = (made: BuildPlan) =>
  made.steps.flatMap(({ commands }) => commands.map((argv) => argv.join(' ')));
const packagesOf = (files: Files) => built(plan({ 'go.mod': MOD, ...files }))[0]?.split(' -o bin/ ')[1];

describe('the programs', () => {
  test.each<[string, Files, string]>([
    ['the root', { 'main.go': MAIN }, '.'],
    [
      'folders of cmd',
      { 'cmd/web/main.go': MAIN, 'cmd/worker/main.go': MAIN, 'lib/a.go': LIBRARY },
      './cmd/web ./cmd/worker',
    ],
    ['any folder', { 'tools/deep/down/x.go': MAIN, 'a.go': LIBRARY }, './tools/deep/down'],
    [
      'not vendor, testdata, hidden folders or other modules',
      {
        'main.go': MAIN,
        'vendor/x/main.go': MAIN,
        'a/testdata/main.go': MAIN,
        '.x/main.go': MAIN,
        '_x/main.go': MAIN,
        'other/go.mod': 'module other',
        'other/main.go': MAIN,
      },
      '.',
    ],
    [
      'a folder by the files that are built',
      {
        'web/a_test.go': 'package web_test\n',
        'web/b_windows.go': 'package other\n',
        'web/gen.go': '//go:build ignore\n\npackage gen\n',
        'web/main.go': `// Copyright\n\n//go:build linux && !(windows || plan9)\n\n${MAIN}`,
        'lib/gen.go': `//go:build ignore\n\n${MAIN}`,
        'lib/lib.go': LIBRARY,
        'win/main_windows_amd64.go': MAIN,
        'win2/main.go': `//go:build !linux && !unix\n\n${MAIN}`,
      },
      './web',
    ],
  ])('are those of %s', (_where, files, packages) => {
    expect(packagesOf(files)).toBe(packages);
  });

  test('are those that go.mod or a config var names', () => {
    const files = {
      'go.mod': `// +heroku install ./cmd/... ./tool\n${MOD}`,
      'cmd/a/a.go': MAIN,
      'tool/a.go': MAIN,
      'main.go': MAIN,
    };
    expect(built(plan(files))).toEqual([`go build ${FLAGS} -o bin/ ./cmd/... ./tool`]);
    expect(built(plan(files, { GO_INSTALL_PACKAGE_SPEC: ' ./tool ' }))).toEqual([
      `go build ${FLAGS} -o bin/ ./tool`,
    ]);
  });

  test('cannot be flags of the go command', () => {
    const files = { 'go.mod': MOD, 'main.go': MAIN };
    expect(refusal(files, { GO_INSTALL_PACKAGE_SPEC: '-toolexec=./x .' })).toMatch(/"-toolexec=.*GOFLAGS/);
    expect(refusal({ ...files, 'go.mod': `${MOD}// +heroku install -o=/x .` })).toMatch(/"-o=\/x" stands/);
  });

  test('have to be there', () => {
    expect(refusal({ 'go.mod': MOD, 'a.go': LIBRARY })).toMatch(/no program: no folder with `package main`/);
    expect(refusal({ 'go.mod': '// nothing', 'main.go': MAIN })).toMatch(/names no module.*go mod init/);
  });
});

describe('the web process', () => {
  const web = (files: Files) => plan({ 'go.mod': MOD, ...files }).defaultProcessTypes['web'];

  test.each<[string, Files, string | undefined]>([
    ['the only program', { 'cmd/server/main.go': MAIN }, 'bin/server'],
    ['that of the module', { 'main.go': MAIN, 'cmd/migrate/main.go': MAIN }, 'bin/hello'],
    ['a module of version 2', { 'go.mod': 'module example.com/shop/v2', 'main.go': MAIN }, 'bin/shop'],
    ['a quoted module', { 'go.mod': 'module "shop"', 'main.go': MAIN }, 'bin/shop'],
    ['none of several', { 'cmd/a/main.go': MAIN, 'cmd/b/main.go': MAIN }, undefined],
    [
      'the one that go.mod chooses',
      {
        'go.mod': `${MOD}// +heroku install ./cmd/b/...`,
        'cmd/a/main.go': MAIN,
        'cmd/b/main.go': MAIN,
      },
      'bin/b',
    ],
    [
      'the one that go.mod chooses by its import path',
      {
        'go.mod': `${MOD}// +heroku install example.com/me/hello/cmd/b`,
        'cmd/a/main.go': MAIN,
        'cmd/b/main.go': MAIN,
      },
      'bin/b',
    ],
    ['the Procfile’s', { 'main.go': MAIN, Procfile: 'worker: hello' }, undefined],
  ])('is %s', (_what, files, command) => {
    expect(web(files)).toBe(command);
  });

  test('finds programs by name, and runs without Go', () => {
    const made = plan({ 'go.mod': MOD, 'main.go': MAIN });
    expect(made.launchPath).toEqual(['bin']);
    expect(made.launchRuntime.language).toBe('system');
  });
});

describe('the version', () => {
  const runtime = (goMod: string) => plan({ 'go.mod': goMod, 'main.go': MAIN }).runtime;

  test.each<[string, string | null, string | null]>([
    ['module a', null, null],
    ['module a\ngo 1.24', '>=1.24.0', 'go.mod asks for Go 1.24 or later'],
    ['module a\ngo 1.24.3 // comment', '>=1.24.3', 'go.mod asks for Go 1.24.3 or later'],
    ['module a\r\ngo 1.24\r\n', '>=1.24.0', 'go.mod asks for Go 1.24 or later'],
    ['module a\ngo 1.27rc1', '>=1.27.0-rc.1', 'go.mod asks for Go 1.27rc1 or later'],
    ['module a\ngo 1.22\ntoolchain go1.24.1', '>=1.24.1', 'go.mod asks for Go 1.24.1 in toolchain'],
    ['module a\ngo 1.22\ntoolchain default', '>=1.22.0', 'go.mod asks for Go 1.22 or later'],
    ['// +heroku goVersion go1.23\nmodule a\ngo 1.22', '>=1.23.0', 'go.mod asks for Go 1.23 in goVersion'],
    ['// +heroku goVersion 1.23.4\nmodule a', '=1.23.4', 'go.mod asks for Go 1.23.4 in goVersion'],
  ])('of %j', (goMod, range, asked) => {
    expect(runtime(goMod)).toEqual({ language: 'go', range, asked });
  });

  test('is refused when it is none', () => {
    expect(refusal({ 'go.mod': 'module a\ngo latest', 'main.go': MAIN })).toMatch(
      /asks for Go latest or later, which is no version of Go/,
    );
  });

  test('is fetched when it is not the machine’s, and goVersion names a whole one', () => {
    const toolchain = (goMod: string) =>
      plan({ 'go.mod': goMod, 'main.go': MAIN }).steps[0]?.env['GOTOOLCHAIN'];
    expect(toolchain('// +heroku goVersion go1.23.4\nmodule a')).toBe('go1.23.4+auto');
    expect(toolchain('module a\ngo 1.24')).toBe('auto');
  });
});

describe('the build', () => {
  test('uses the modules of vendor, and runs Heroku’s scripts around it', () => {
    const files = {
      'go.mod': MOD,
      'main.go': MAIN,
      'vendor/modules.txt': '',
      'bin/go-pre-compile': '',
      'bin/go-post-compile': '',
    };
    expect(built(plan(files))).toEqual([
      'bash bin/go-pre-compile',
      `go build ${FLAGS} -mod=vendor -o bin/ .`,
      'bash bin/go-post-compile',
    ]);
  });

  test('keeps modules and what is compiled, and leaves cgo as it is', () => {
    const [step] = plan({ 'go.mod': MOD, 'main.go': MAIN }).steps;
    expect(step?.caches).toEqual({ 'go-modules': 'GOMODCACHE', 'go-build': 'GOCACHE' });
    expect(step?.env).not.toHaveProperty('CGO_ENABLED');
  });

  test('comes with a warning where modules are not pinned', () => {
    const files = { 'go.mod': `${MOD}require example.com/x v1.0.0\n`, 'main.go': MAIN };
    expect(plan(files).warnings).toEqual([expect.stringContaining('go mod tidy')]);
    expect(plan({ ...files, 'go.sum': '' }).warnings).toEqual([]);
  });
});

test.each<[string, (times: number) => Files]>([
  ['empty lines', (times) => ({ 'go.mod': `${MOD}${'\n'.repeat(times)}`, 'main.go': MAIN })],
  ['brackets', (times) => ({ 'go.mod': MOD, 'main.go': `//go:build ${'('.repeat(times)}\n\n${MAIN}` })],
  ['spaces', (times) => ({ 'go.mod': `${MOD}//${' '.repeat(times)}`, 'main.go': MAIN })],
])('a file of a mebibyte of %s is read in no time', (_what, files) => {
  const started = performance.now();
  refusal(files(1_000_000));
  expect(performance.now() - started).toBeLessThan(2_000);
});
