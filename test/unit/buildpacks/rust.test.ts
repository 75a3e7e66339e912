import { describe, expect, test } from 'vitest';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, string>>;

const plan = (files: Files): BuildPlan => {
  const source = aTree(files);
  const context = { config: {}, images: false };
  return choosePlanner(source, context).plan(source, context);
};
const refusal = (files: Files): string => {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PlanError) return `${error.message} ${error.hint ?? ''}`;
    throw error;
  }
  return 'accepted';
};

const HELLO = '[package]\nname = "hello"\nversion = "0.1.0"\n';
const named = (name: string, more = ''): string => `[package]\nname = "${name}"\n${more}`;
const programs = (files: Files) => plan(files).steps[0]?.commands[0]?.slice(4);
const web = (files: Files) => plan(files).defaultProcessTypes['web'];

describe('the programs', () => {
  test.each<[string, Files, string[]]>([
    ['the package', { 'Cargo.toml': HELLO, 'src/main.rs': '' }, ['hello']],
    [
      'src/bin',
      {
        'Cargo.toml': HELLO,
        'src/lib.rs': '',
        'src/bin/a.rs': '',
        'src/bin/b/main.rs': '',
        'src/bin/c/x.rs': '',
      },
      ['a', 'b'],
    ],
    [
      '[[bin]], in place of the name of its file',
      {
        'Cargo.toml': `${HELLO}[[bin]]\nname = "web"\npath = "src/main.rs"\n[[bin]]\nname = "job"\npath = "job.rs"\n`,
        'src/main.rs': '',
        'src/bin/tool.rs': '',
      },
      ['job', 'tool', 'web'],
    ],
    [
      '[[bin]] only, where the others are turned off',
      {
        'Cargo.toml': `${HELLO}autobins = false\n[[bin]]\nname = "web"\n`,
        'src/main.rs': '',
        'src/bin/web.rs': '',
      },
      ['web'],
    ],
    [
      'what the default features build',
      {
        'Cargo.toml': `${HELLO}[[bin]]\nname = "admin"\nrequired-features = ["extra"]\n[[bin]]\nname = "job"\nrequired-features = ["b"]\n[features]\ndefault = ["a"]\na = ["b"]\nb = []\nextra = []\n`,
        'src/main.rs': '',
        'src/bin/admin.rs': '',
        'src/bin/job.rs': '',
      },
      ['hello', 'job'],
    ],
    [
      'all members of a workspace without a package of its own',
      {
        'Cargo.toml': '[workspace]\nmembers = ["app", "crates/*"]\nexclude = ["crates/old"]\n',
        'app/Cargo.toml': named('app'),
        'app/src/main.rs': '',
        'crates/api/Cargo.toml': named('api'),
        'crates/api/src/main.rs': '',
        'crates/core/Cargo.toml': named('core'),
        'crates/core/src/lib.rs': '',
        'crates/old/Cargo.toml': named('old'),
        'crates/old/src/main.rs': '',
        'crates/notes/README.md': '',
      },
      ['app', 'api'],
    ],
    [
      'the root, where it is a package and has members too',
      {
        'Cargo.toml': `${HELLO}[workspace]\nmembers = ["other"]\n`,
        'src/main.rs': '',
        'other/Cargo.toml': named('other'),
        'other/src/main.rs': '',
      },
      ['hello'],
    ],
    [
      'default-members',
      {
        'Cargo.toml': `${HELLO}[workspace]\nmembers = ["web"]\ndefault-members = [".", "./web/"]\n`,
        'src/main.rs': '',
        'web/Cargo.toml': named('web'),
        'web/src/main.rs': '',
      },
      ['hello', 'web'],
    ],
  ])('are those of %s', (_where, files, names) => {
    expect(programs(files)).toEqual(names);
  });

  test('are what makes it more than a part of a package of Node.js', () => {
    const both = { 'Cargo.toml': HELLO, 'package.json': '{}' };
    expect(plan({ ...both, 'src/lib.rs': '' }).planner).toBe('node');
    expect(plan({ ...both, 'src/main.rs': '' }).planner).toBe('rust');
    expect(refusal({ ...both, 'Cargo.toml': '[' })).toMatch(/Cargo\.toml is not valid TOML/);
  });

  test('have to be there', () => {
    expect(refusal({ 'Cargo.toml': HELLO, 'src/lib.rs': '' })).toMatch(
      /Cargo builds no program of this source/,
    );
    expect(refusal({ 'Cargo.toml': '[workspace]\nmembers = ["../x", "**"]' })).toMatch(/builds no program/);
    expect(refusal({ 'Cargo.toml': '[package' })).toMatch(/Cargo\.toml is not valid TOML/);
  });
});

describe('the web process', () => {
  const two = { 'src/main.rs': '', 'src/bin/job.rs': '' };
  test.each<[string, Files, string | undefined]>([
    ['the only program', { 'Cargo.toml': HELLO, 'src/main.rs': '' }, 'target/release/hello'],
    [
      'told of the port in Rocket’s way',
      { 'Cargo.toml': `${HELLO}[dependencies]\nrocket = "0.5"\n`, 'src/main.rs': '' },
      'ROCKET_ADDRESS=0.0.0.0 ROCKET_PORT=$PORT target/release/hello',
    ],
    ['none of two', { 'Cargo.toml': HELLO, ...two }, undefined],
    [
      'the default one of two',
      { 'Cargo.toml': `${HELLO}default-run = "job"\n`, ...two },
      'target/release/job',
    ],
    ['the Procfile’s', { 'Cargo.toml': HELLO, 'src/main.rs': '', Procfile: 'worker: hello' }, undefined],
  ])('is %s', (_what, files, command) => {
    expect(web(files)).toBe(command);
  });

  test('finds programs by name, and runs without Rust', () => {
    const made = plan({ 'Cargo.toml': HELLO, 'src/main.rs': '' });
    expect(made.launchPath).toEqual(['target/release']);
    expect(made.launchRuntime.language).toBe('system');
  });
});

describe('the version', () => {
  const app = (files: Files) => plan({ 'Cargo.toml': HELLO, 'src/main.rs': '', ...files });

  test.each<[string, Files, string | null, string | null]>([
    ['nobody', {}, null, null],
    [
      'rust-toolchain.toml',
      { 'rust-toolchain.toml': '[toolchain]\nchannel = "1.85"' },
      '~1.85.0',
      'rust-toolchain.toml asks for Rust 1.85',
    ],
    [
      'a whole version',
      { 'rust-toolchain.toml': '[toolchain]\nchannel = "1.85.1"' },
      '~1.85.1',
      'rust-toolchain.toml asks for Rust 1.85.1',
    ],
    [
      'rust-toolchain',
      { 'rust-toolchain': '1.85.0-x86_64-unknown-linux-gnu\n' },
      '~1.85.0',
      'rust-toolchain asks for Rust 1.85.0-x86_64-unknown-linux-gnu',
    ],
    [
      'rust-toolchain as TOML',
      { 'rust-toolchain': '[toolchain]\nchannel = "1.85"' },
      '~1.85.0',
      'rust-toolchain asks for Rust 1.85',
    ],
    ['the stable channel', { 'rust-toolchain.toml': '[toolchain]\nchannel = "stable"' }, null, null],
    [
      'rust-version',
      { 'Cargo.toml': `${HELLO}rust-version = "1.80"\n` },
      '>=1.80.0',
      'Cargo.toml asks for Rust 1.80 or later',
    ],
    [
      'the workspace',
      {
        'Cargo.toml': `${HELLO}rust-version.workspace = true\n[workspace.package]\nrust-version = "1.81.2"\n`,
      },
      '>=1.81.2',
      'Cargo.toml asks for Rust 1.81.2 or later',
    ],
  ])('is asked for by %s', (_who, files, range, asked) => {
    expect(app(files).runtime).toEqual({ language: 'rust', range, asked });
    expect(app(files).warnings.filter((warning) => !warning.startsWith('No lock file'))).toEqual([]);
  });

  test('of a channel without releases is a release, with a warning', () => {
    const made = app({ 'rust-toolchain': 'nightly-2026-01-01', 'Cargo.lock': '' });
    expect(made.runtime.range).toBeNull();
    expect(made.warnings).toEqual([
      'rust-toolchain asks for nightly-2026-01-01: the app is built with a release of Rust.',
    ]);
  });
});

test('Cargo.lock is held to, and missed where it is not there', () => {
  const app = { 'Cargo.toml': HELLO, 'src/main.rs': '' };
  expect(plan({ ...app, 'Cargo.lock': '' }).steps[0]?.env['TFK_CARGO_LOCKED']).toBe('--locked');
  expect(plan(app).steps[0]?.env['TFK_CARGO_LOCKED']).toBe('');
  expect(plan(app).warnings).toEqual([expect.stringContaining('Commit Cargo.lock')]);
});

test('crates and what is compiled are kept', () => {
  expect(plan({ 'Cargo.toml': HELLO, 'src/main.rs': '' }).steps[0]?.caches).toEqual({
    cargo: 'CARGO_HOME',
    'cargo-target': 'CARGO_TARGET_DIR',
  });
});

test.each<[string, (times: number) => Files]>([
  ['slashes', (times) => ({ 'Cargo.toml': `[workspace]\nmembers = ["${'/'.repeat(times)}x"]` })],
  [
    'stars',
    (times) => ({
      'Cargo.toml': `[workspace]\nmembers = ["${'*a'.repeat(times / 2)}"]`,
      [`${'a'.repeat(200)}/x`]: '',
    }),
  ],
  [
    'spaces',
    (times) => ({ 'Cargo.toml': HELLO, 'src/main.rs': '', 'rust-toolchain': `x${' '.repeat(times)}!` }),
  ],
])('a file of a mebibyte of %s is read in no time', (_what, files) => {
  const started = performance.now();
  refusal(files(1_000_000));
  expect(performance.now() - started).toBeLessThan(2_000);
});
