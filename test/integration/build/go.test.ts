import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GO } from './hello-apps.js';
import { aBuilder, aDyno, answerOfWeb, lacks, push, sharedHome } from './pushed.js';
import { aSource, writeFiles } from './support.js';

/** Several programs, and a Procfile that names them as Heroku puts them. */
const TOOLS = {
  'go.mod': 'module example.com/tools\n\ngo 1.21\n',
  Procfile: 'worker: worker\nmigrate: bin/migrate\n',
  'cmd/worker/main.go': 'package main\n\nfunc main() { println(greeting) }\n',
  'cmd/worker/greeting_heroku.go':
    '//go:build heroku\n\npackage main\n\nconst greeting = "built as on Heroku"\n',
  'cmd/migrate/main.go': 'package main\n\nfunc main() {}\n',
};

describe.skipIf(await lacks('go'))('a Go app', () => {
  const home = sharedHome();
  const builder = aBuilder(home);
  const compiled = () => readdirSync(join(home, 'cache/apps/app-1/go-build'), { recursive: true }).length;

  test('is built, keeps its modules and what is compiled, and serves', async () => {
    const source = aSource(GO);
    const first = await push(builder, source);
    expect(first.said).toContain('go: downloading github.com/google/uuid v1.6.0');
    expect(first.processTypes).toEqual({ web: 'bin/hello' });
    expect(await answerOfWeb(builder, first)).toBe('one 36');

    writeFiles(source, { 'main.go': GO['main.go'].replace('one', 'two') });
    const before = compiled();
    const second = await push(builder, source);
    expect(second.said).not.toContain('downloading');
    expect(await answerOfWeb(builder, second)).toBe('two 36');
    // The standard library alone leaves some hundreds.
    expect(compiled() - before).toBeLessThan(20);
  }, 300_000);

  test('may have several programs', async () => {
    const pushed = await push(builder, aSource(TOOLS));
    expect(pushed.result).toMatchObject({ ok: true });
    expect(pushed.processTypes).toEqual({ worker: 'worker', migrate: 'bin/migrate' });
    const { folder, env } = await aDyno(builder, pushed);
    const said = spawnSync('/bin/sh', ['-c', 'worker'], { cwd: folder, env, encoding: 'utf8' });
    expect(said.stderr).toBe('built as on Heroku\n');
    expect(readFileSync(join(folder, 'bin/migrate')).subarray(1, 4).toString()).toBe('ELF');
  }, 120_000);

  test('whose go.sum does not say what it imports is told what to type', async () => {
    const { result, said } = await push(builder, aSource({ ...GO, 'go.sum': '' }));
    expect(said).toContain('missing go.sum entry');
    expect(result).toMatchObject({ ok: false, reason: 'command' });
    expect(result.ok ? '' : result.hint).toContain('`go mod tidy`');
  });
});
