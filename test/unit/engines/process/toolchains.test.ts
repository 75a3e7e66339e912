import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Language } from '../../../../buildpacks/plan.js';
import { Toolchains } from '../../../../daemon/engines/process/toolchains/toolchains.js';

/** A machine in a folder. Versions are those that no real machine has, which is looked through too. */
let machine: string;

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  chmodSync(machine, 0o755);
  // The machine's own Go, which is looked at too, writes its telemetry into this home a moment later:
  // that is looked for anew at each try, as rmSync does not.
  onTestFinished(() => rm(machine, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
});

function file(path: string, text: string): string {
  const absolute = join(machine, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, text, { mode: 0o755 });
  return absolute;
}

/** A program that prints this. */
const program = (path: string, script: string): string => file(path, `#!/bin/sh\n${script}\n`);

const placed = (env: Readonly<Record<string, string>> = {}, path: readonly string[] = ['bin']) => ({
  path: path.map((folder) => join(machine, folder)),
  home: join(machine, 'home'),
  env,
  nodePath: process.execPath,
});
const these = (env: Readonly<Record<string, string>> = {}, path?: readonly string[]) =>
  new Toolchains(placed(env, path), false);
const asking = (language: Language, range: string | null = null) => ({
  language,
  range,
  asked: range === null ? null : `the file asks for ${range}`,
});
async function refusal(toolchains: Toolchains, language: Language, range: string | null = null) {
  const found = await toolchains.find(asking(language, range));
  return found.ok ? 'found' : found.message;
}

const javaHome = (path: string, version: string): string => {
  file(`${path}/release`, `IMPLEMENTOR="Somebody"\nJAVA_VERSION="${version}"\n`);
  program(`${path}/bin/java`, 'exit 1');
  program(`${path}/bin/javac`, 'exit 1');
  return join(machine, path);
};
const python = (path: string, version: string): string =>
  program(path, `echo ${version}; echo ${join(machine, 'pythons', version)}`);
const rustc = (path: string, version: string, sysroot: string): string =>
  program(path, `case $1 in --version) echo "rustc ${version} (0 2090-01-01)";; *) echo ${sysroot};; esac`);

describe('Go', () => {
  test('is found by the folder that it says it lies in', async () => {
    program('bin/go', 'echo go1.96.2; echo /opt/go');
    expect(await these().find(asking('go', '1.96.x'))).toEqual({
      ok: true,
      toolchain: { version: '1.96.2', path: ['/opt/go/bin'], env: {} },
    });
  });

  test.each([
    ['go1.97', '1.97.0'],
    ['go1.97rc1', '1.97.0-rc.1'],
    ['go1.97.1 X:nodwarf5', '1.97.1'],
    ['go1.97.1-custom', '1.97.1'],
  ])('called %s is version %s', async (name, version) => {
    program('bin/go', `echo '${name}'; echo /opt/go`);
    expect(await these().find(asking('go'))).toMatchObject({ toolchain: { version } });
  });

  test('of any version since 1.21 will do, since it fetches others', async () => {
    program('bin/go', 'echo go1.21.0; echo /opt/go');
    expect(await these().find(asking('go', '>=1.99.0'))).toMatchObject({ toolchain: { version: '1.21.0' } });
  });

  test('that cannot be run is passed over', async () => {
    program('broken/go', 'exit 3');
    program('bin/go', 'echo go1.96.2; echo /opt/go');
    const toolchains = these({}, ['broken', 'missing', 'bin']);
    expect(await toolchains.find(asking('go'))).toMatchObject({ toolchain: { version: '1.96.2' } });
  });
});

describe('Java', () => {
  test('is that of JAVA_HOME first, by its file release', async () => {
    const chosen = javaHome('jdk', '98.0.1');
    javaHome('other', '99.0.1');
    const toolchains = these({ JAVA_HOME: chosen }, ['other/bin']);
    for (const language of ['java', 'jre'] as const)
      expect(await toolchains.find(asking(language))).toEqual({
        ok: true,
        toolchain: { version: '98.0.1', path: [join(chosen, 'bin')], env: { JAVA_HOME: chosen } },
      });
    expect(await toolchains.find(asking('java', '99.x'))).toMatchObject({ toolchain: { version: '99.0.1' } });
  });

  test('is found behind links, and with Maven from the PATH', async () => {
    const home = javaHome('jvm/jdk-98', '98.0.1');
    mkdirSync(join(machine, 'bin'));
    symlinkSync(join(home, 'bin/javac'), join(machine, 'bin/javac'));
    program('maven/mvn', '');
    expect(await these({}, ['bin', 'maven']).find(asking('java', '98.x'))).toEqual({
      ok: true,
      toolchain: {
        version: '98.0.1',
        path: [join(home, 'bin'), join(machine, 'maven')],
        env: { JAVA_HOME: home },
      },
    });
  });

  test('8 has a version like others', async () => {
    const home = javaHome('jdk8', '1.8.0_492');
    expect(await these({ JAVA_HOME: home }).find(asking('java', '8.x'))).toMatchObject({
      toolchain: { version: '8.0.492' },
    });
  });
});

describe('Rust', () => {
  test('is taken from the folder of the toolchain that rustup chose, and others that it keeps', async () => {
    rustc('home/.cargo/bin/rustc', '1.997.0', '/toolchains/stable');
    rustc('home/.rustup/toolchains/1.990.1-x86_64/bin/rustc', '1.990.1', '/toolchains/older');
    rustc('home/.rustup/toolchains/nightly/bin/rustc', '1.999.0-nightly', '/toolchains/nightly');
    const bin = (name: string) => ({ toolchain: { path: [`/toolchains/${name}/bin`], env: {} } });
    expect(await these().find(asking('rust'))).toMatchObject(bin('stable'));
    expect(await these().find(asking('rust', '1.990.x'))).toMatchObject(bin('older'));
    expect(await refusal(these(), 'rust', '2.x')).toBe(
      'the file asks for 2.x, and this machine has 1.997.0, 1.999.0-nightly, 1.990.1. Ask for one of these, install that version, or run the app on Docker by `tfk apps:engine docker`.',
    );
  });

  test('is found where CARGO_HOME and RUSTUP_HOME say, which rustup is told too', async () => {
    program('cargo/bin/rustc', 'test -n "$RUSTUP_HOME" && echo rustc 1.997.0 && echo /usr');
    const env = { CARGO_HOME: join(machine, 'cargo'), RUSTUP_HOME: join(machine, 'rustup') };
    expect(await these(env).find(asking('rust', '1.997.0'))).toMatchObject({
      toolchain: { version: '1.997.0' },
    });
  });
});

describe('Python', () => {
  test('is the shortest name of each folder, in the order of the PATH, never a shim', async () => {
    python('shims/python3', '3.99.9');
    python('bin/python3', '3.95.1');
    python('bin/python3.94', '3.94.2');
    const toolchains = these({}, ['shims', 'bin']);
    const prefix = join(machine, 'pythons/3.95.1');
    expect(await toolchains.find(asking('python'))).toEqual({
      ok: true,
      toolchain: {
        version: '3.95.1',
        path: [join(prefix, 'bin')],
        env: { TFK_PYTHON: join(prefix, 'bin/python3.95') },
      },
    });
    expect(await toolchains.find(asking('python', '3.94.x'))).toMatchObject({
      toolchain: { version: '3.94.2' },
    });
    expect(await refusal(toolchains, 'python', '2.x')).toContain('this machine has 3.95.1, 3.94.2.');
  });

  test('is found where pyenv and uv keep theirs, the newest first', async () => {
    python('home/.pyenv/versions/3.9.1/bin/python3', '3.91.0');
    python('home/.pyenv/versions/3.10.1/bin/python3', '3.92.0');
    python('home/.local/share/uv/python/cpython-3.93/bin/python3.93', '3.93.0');
    expect(await refusal(these(), 'python', '2.x')).toContain('this machine has 3.92.0, 3.91.0, 3.93.0.');
  });

  test('without venv is none', async () => {
    program('bin/python3', 'echo "No module named venv" >&2; exit 1');
    expect(await refusal(these(), 'python')).toBe(
      'There is no Python on this machine that builds can use. Install Python 3 with its venv module (Debian: python3 and python3-venv), or run the app on Docker by `tfk apps:engine docker`.',
    );
  });
});

describe('Node.js', () => {
  test('is the one that runs tfkd, then those of the PATH and of version managers', async () => {
    program('bin/node', 'echo v97.0.1');
    program('nvm/versions/node/v96.0.0/bin/node', 'echo v96.0.0');
    program('home/.local/share/fnm/node-versions/v95.0.0/installation/bin/node', 'echo v95.0.0');
    program('home/.asdf/installs/nodejs/94.0.0/bin/node', 'echo v94.0.0');
    const toolchains = these({ NVM_DIR: join(machine, 'nvm') });
    expect(await toolchains.find(asking('node'))).toEqual({
      ok: true,
      toolchain: { version: process.version, path: [], env: {} },
    });
    for (const [range, bin] of [
      ['97', 'bin'],
      ['96', 'nvm/versions/node/v96.0.0/bin'],
      ['95', 'home/.local/share/fnm/node-versions/v95.0.0/installation/bin'],
      ['94', 'home/.asdf/installs/nodejs/94.0.0/bin'],
    ] as const)
      expect(await toolchains.find(asking('node', range))).toMatchObject({
        toolchain: { path: [join(machine, bin)] },
      });
  });
});

describe('any language', () => {
  test('is looked at once, until its program changes or when it did not answer', async () => {
    const asked = join(machine, 'asked');
    const path = program(
      'bin/go',
      `echo x >> ${asked}; test -e ${machine}/well && echo go1.96.0 && echo /go`,
    );
    const toolchains = these();
    expect(await toolchains.find(asking('go', '1.1'))).not.toMatchObject({
      toolchain: { version: '1.96.0' },
    });
    file('well', '');
    expect(await toolchains.find(asking('go'))).toMatchObject({ toolchain: { version: '1.96.0' } });
    rmSync(join(machine, 'well'));
    expect(await toolchains.find(asking('go'))).toMatchObject({ toolchain: { version: '1.96.0' } });
    writeFileSync(path, '#!/bin/sh\necho go1.96.10; echo /go\n');
    expect(await toolchains.find(asking('go'))).toMatchObject({ toolchain: { version: '1.96.10' } });
  });

  test('that dynos need has to be in folders which they may enter', async () => {
    python('private/python3', '3.95.1');
    chmodSync(join(machine, 'private'), 0o700);
    const forOthers = new Toolchains(placed({}, ['private']), true);
    expect(await refusal(forOthers, 'python')).toMatch(
      /^There is no Python on this machine that dynos can use\. Of Python 3\.95\.1 here, dynos can use nothing/,
    );
    expect(await refusal(these({}, ['private']), 'python')).toBe('found');
    program('private/go', 'echo go1.96.0; echo /go');
    expect(await forOthers.find(asking('go', '1.96.0'))).toMatchObject({ ok: true });
  });

  test.each(['none', 'system'] as const)('%s is the machine as it is', async (language) => {
    expect(await these().find(asking(language))).toMatchObject({ ok: true, toolchain: { path: [] } });
  });
});
