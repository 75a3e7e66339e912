import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BuildKitProgress } from '../../../../daemon/engines/docker/build/dockerfile/buildkit-progress.js';
import { ClassicProgress } from '../../../../daemon/engines/docker/build/dockerfile/classic-progress.js';
import { contextTar } from '../../../../daemon/engines/docker/build/dockerfile/context.js';
import {
  Dockerignore,
  IgnoreSyntax,
} from '../../../../daemon/engines/docker/build/dockerfile/dockerignore.js';
import {
  commandLine,
  healthcheckOf,
  runsAsRoot,
} from '../../../../daemon/engines/docker/build/dockerfile/facts.js';
import {
  failureWords,
  needsLaterSyntax,
} from '../../../../daemon/engines/docker/build/dockerfile/failure-words.js';
import { attemptsOf } from '../../../../daemon/engines/docker/build/dockerfile/syntax-line.js';
import { tempFolder } from '../../../integration/build/support.js';

const kept = (rules: string, paths: readonly string[]): string[] => {
  const ignore = new Dockerignore(rules);
  return paths.filter((path) => !ignore.ignores(path));
};

describe('.dockerignore', () => {
  // The examples of Docker's own documentation.
  test.each([
    ['*/temp*', ['somedir/temporary.txt', 'somedir/temp', 'somedir/temp/x'], ['temp', 'a/b/temp']],
    ['*/*/temp*', ['somedir/subdir/temporary.txt'], ['somedir/temp', 'a/b/c/temp']],
    ['temp?', ['tempa', 'tempb', 'tempa/x'], ['temp', 'tempab', 'a/tempa']],
    ['**/*.go', ['a.go', 'b/a.go', 'a/b/c.go'], ['a.go.txt']],
    ['*.md\n!README.md', ['a.md'], ['README.md', 'docs/a.md']],
    ['*.md\n!README*.md\nREADME-secret.md', ['a.md', 'README-secret.md'], ['README.md', 'README-public.md']],
    ['*.md\nREADME-secret.md\n!README*.md', ['a.md'], ['README-secret.md', 'README.md']],
    ['# comment\n/foo/bar\n\nbaz', ['foo/bar', 'foo/bar/x', 'baz'], ['a/foo/bar', 'a/baz', '# comment']],
    ['*', ['a', 'b/c', '.x'], []],
    ['.', [], ['a']],
    ['*\n!src\n!package.json', ['a', 'b/c'], ['src', 'src/a/b', 'package.json']],
    ['src/\n!src/keep', ['src', 'src/a'], ['src/keep', 'src/keep/b']],
    ['./a/../b/  ', ['b'], ['a', 'a/b']],
    ['**/node_modules', ['node_modules', 'a/node_modules/x'], ['node_modules2']],
    ['a/**/z', ['a/z', 'a/b/c/z'], ['a', 'z', 'ab/z']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b']],
    ['[a-c]?\\*', ['bx*'], ['dx*', 'bxx']],
    ['[^a]x', ['bx'], ['ax', 'x']],
    ['a.b+(c)$', ['a.b+(c)$'], ['aXb+(c)$']],
    ['\uFEFFa\r\nb\r\n', ['a', 'b'], ['c']],
    [' # no comment', ['# no comment'], ['x']],
  ])('%j', (rules, ignored, others) => {
    expect(kept(rules, ignored)).toEqual([]);
    expect(kept(rules, others)).toEqual(others);
  });

  test.each([
    ['a\n!', 2],
    ['[a', 1],
    ['x\n[]', 2],
    ['a\\', 1],
  ])('is refused with the line for %j', (rules, line) => {
    expect(() => new Dockerignore(rules)).toThrow(IgnoreSyntax);
    expect(() => new Dockerignore(rules)).toThrow(`line ${line} `);
  });

  test.each([
    '*a*a*a*a*a*a*a*b',
    '**/**/**/**/**/**/**/**/x',
    '**a**a**a**a**a**b',
    '[a-z]*[a-z]*[a-z]*[a-z]*!',
  ])('takes no time to speak of for %j', (rules) => {
    const path = `${'a'.repeat(200)}/${'a/'.repeat(200)}c`;
    const before = performance.now();
    expect(kept(rules, [path])).toEqual([path]);
    expect(performance.now() - before).toBeLessThan(500);
  });

  test.each([
    ['a**b', ['ab', 'ax/b', 'a/x/b'], ['axb']],
    ['a**', ['a', 'ab', 'a/b/c', 'ab/c'], ['ba']],
    ['**/**/x', ['x', 'a/x', 'a/b/x/c'], ['ax']],
    ['*/**/x', ['a/x', 'a/b/c/x'], ['x']],
    ['**', ['a', 'a/b'], []],
  ])('has all the meanings of ** in %j', (rules, ignored, others) => {
    expect(kept(rules, ignored)).toEqual([]);
    expect(kept(rules, others)).toEqual(others);
  });

  test('of more than 64 KiB is refused', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, '.dockerignore'), 'a\n'.repeat(40_000));
    await expect(contextTar({ folder, dockerfile: 'Dockerfile' }, '')).rejects.toMatchObject({
      fault: { reason: 'command', message: '.dockerignore is larger than 64 KiB.' },
    });
  });

  test('says whether folders have to be looked into all the same', () => {
    expect(new Dockerignore('a').hasExceptions).toBe(false);
    expect(new Dockerignore('a\n!a/b').hasExceptions).toBe(true);
  });
});

describe('what an image brings', () => {
  test.each([
    [
      { Entrypoint: ['docker-entrypoint.sh'], Cmd: ['node', 'server.js'] },
      'docker-entrypoint.sh node server.js',
    ],
    [{ Entrypoint: null, Cmd: ['/bin/sh', '-c', "echo 'a' $B"] }, `/bin/sh -c 'echo '\\''a'\\'' $B'`],
    [{ Entrypoint: '/x', Cmd: null }, '/x'],
    [{ Cmd: [''] }, `''`],
    [{}, null],
  ])('a command: %j', (config, line) => {
    expect(commandLine(config)).toBe(line);
  });

  test.each([
    [['CMD', 'curl', '-f', 'x'], { command: ['curl', '-f', 'x'], timeoutMs: 2000 }],
    [['CMD-SHELL', 'curl -f x || exit 1'], { command: 'curl -f x || exit 1', timeoutMs: 2000 }],
    [['NONE'], null],
    [[], null],
  ])('a health check: %j', (words, check) => {
    expect(healthcheckOf({ Healthcheck: { Test: words, Timeout: 2e9 } })).toEqual(check);
  });

  test('a health check has Docker’s time-out where it names none', () => {
    expect(healthcheckOf({ Healthcheck: { Test: ['CMD', 'x'] } })?.timeoutMs).toBe(30_000);
    expect(healthcheckOf({ Healthcheck: null })).toBeNull();
  });

  test('a user, who may be root', () => {
    expect(['', 'root', '0', '0:0', 'root:node'].filter((User) => !runsAsRoot({ User }))).toEqual([]);
    expect(['node', '1000', '1000:0', 'rooty'].filter((User) => runsAsRoot({ User }))).toEqual([]);
  });
});

describe('the builder’s errors', () => {
  const words = (message: string, step: string | null = null) =>
    failureWords({ message, step, dockerfile: 'Dockerfile' });

  test('name the line of a Dockerfile that cannot be read', () => {
    const old =
      'failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 2: unknown instruction: RUNN';
    expect(words(old)).toMatch(/^Dockerfile line 2: unknown instruction: RUNN\. .*later Docker/);
    expect(words('dockerfile parse error on line 7: FROM requires either one or three arguments')).toBe(
      'Dockerfile line 7: FROM requires either one or three arguments.',
    );
    expect(needsLaterSyntax(old)).toBe(true);
    expect(needsLaterSyntax('dockerfile parse error line 2: FROM requires one argument')).toBe(false);
  });

  test('name the instruction and its status', () => {
    const step = '[2/2] RUN false';
    expect(words('executor failed running [/bin/sh -c false]: exit code: 1', step)).toBe(
      'Dockerfile: [2/2] RUN false exited with status 1.',
    );
    expect(words('process "/bin/sh -c x" did not complete successfully: exit code: 137', step)).toMatch(
      /137: it was killed/,
    );
    expect(words("The command '/bin/sh -c x' returned a non-zero code: 7", step)).toMatch(/status 7\.$/);
  });

  test('name a file that is not there', () => {
    const step = '[2/2] COPY nothere /x';
    const message = 'failed to compute cache key: "/nothere" not found: not found';
    expect(words(message, step)).toMatch(
      /COPY nothere \/x: there is no \/nothere in the source.*\.dockerignore/,
    );
    expect(words('failed to calculate checksum of ref abc: "/a b": not found')).toMatch(
      /there is no \/a b in/,
    );
    const classic =
      'COPY failed: file not found in build context or excluded by .dockerignore: stat a b: file does not exist';
    expect(words(classic)).toMatch(/there is no a b in/);
  });

  test('say what cannot be fetched, and what cannot run', () => {
    expect(words('failed to do request: Head "https://r/v2/": dial tcp: no such host')).toMatch(
      /nor could it be fetched/,
    );
    expect(words('standard_init_linux.go:228: exec user process caused: exec format error')).toMatch(
      /another architecture/,
    );
  });
});

describe('a # syntax= line', () => {
  test('of Docker’s own is left out at first, with all lines where they were', () => {
    const text = '# escape=\\\n#syntax = docker/dockerfile:1.7\r\nFROM a\n';
    expect(attemptsOf(text)).toEqual(['# escape=\\\n#\nFROM a\n', text]);
  });

  test.each(['# syntax=me/mine\nFROM a', 'FROM a\n# syntax=docker/dockerfile:1', 'FROM a'])(
    'else stands: %j',
    (text) => {
      expect(attemptsOf(text)).toEqual([text]);
    },
  );
});

class Lines {
  readonly lines: string[] = [];
  step = (text: string) => void this.lines.push(`-----> ${text}`);
  detail = (text: string) => void this.lines.push(`       ${text}`);
  warning = (text: string) => void this.lines.push(` !     ${text}`);
}
const vertex = (name: string, more: object = {}) => ({
  digest: name,
  name,
  cached: false,
  started: true,
  completed: false,
  error: '',
  ...more,
});
const log = (name: string, text: string, stream = 1) => ({ vertex: name, stream, bytes: Buffer.from(text) });

describe('BuildKit’s progress', () => {
  test('is told as steps with what they print, line by line, also where steps run side by side', () => {
    const output = new Lines();
    const progress = new BuildKitProgress(output);
    progress.take([vertex('[internal] load metadata'), vertex('[1/3] FROM a', { cached: true })], []);
    progress.take([vertex('[b 2/3] RUN x')], [log('[b 2/3] RUN x', 'one\ntw')]);
    progress.take([vertex('[3/3] RUN y\n z')], [log('[3/3] RUN y\n z', '\u001B[2Jother\r\n', 2)]);
    progress.take([vertex('[b 2/3] RUN x', { completed: true })], [log('[b 2/3] RUN x', 'o\nend')]);
    expect(output.lines).toEqual([
      '-----> [1/3] FROM a (cached)',
      '-----> [b 2/3] RUN x',
      '       one',
      '-----> [3/3] RUN y z',
      '       other',
      '-----> [b 2/3] RUN x (goes on)',
      '       two',
      '       end',
    ]);
  });

  test('says once that lines are lost, and which step failed', () => {
    const output = new Lines();
    const progress = new BuildKitProgress(output);
    const clipped = '[output clipped, log limit 200KiB/s reached]\n';
    progress.take([vertex('[1/1] RUN x')], [log('[1/1] RUN x', clipped + clipped)]);
    expect(progress.failed()).toBeNull();
    progress.take([vertex('[1/1] RUN x', { completed: true, error: 'exit code: 1' })], []);
    expect(progress.failed()).toBe('[1/1] RUN x');
    expect(output.lines).toHaveLength(2);
    expect(output.lines[1]).toMatch(/lines are lost/);
  });
});

test('the classic builder’s text is told in the same form', () => {
  const output = new Lines();
  const progress = new ClassicProgress(output);
  const text = [
    'Step 1/4 : FROM a',
    ' ---> 000000000001',
    'Step 2/4 : RUN x',
    ' ---> Using cache',
    ' ---> 000000000002',
    'Step 3/4 : RUN y',
    ' ---> Running in 0123456789ab',
    'printed',
    'Removing intermediate container 0123456789ab',
    ' ---> 000000000003',
    'Step 4/4 : LABEL tfk.home=x',
    ' ---> 000000000004',
  ].join('\n');
  for (const piece of [text.slice(0, 50), text.slice(50), '\n']) progress.take(piece);
  expect(output.lines).toEqual([
    '-----> [1/4] FROM a',
    '-----> [2/4] RUN x',
    '       (cached)',
    '-----> [3/4] RUN y',
    '       printed',
  ]);
});
