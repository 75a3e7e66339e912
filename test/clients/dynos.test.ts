import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSmallApp, Installation } from '../support/installation.js';
import { HerokuCli } from './heroku-cli.js';

/** U+FFFF, by which the client finds the exit code in what a one-off dyno prints. */
const APP = 'shop';

describe('Heroku’s CLI, with an app that runs', () => {
  const installation = new Installation();
  let heroku: HerokuCli;

  beforeAll(async () => {
    await installation.ok('push', installation.source('small', aSmallApp('hello')), '--name', APP);
    await installation.ok('scale', 'worker=1', '-a', APP);
    heroku = await HerokuCli.of(installation);
  });
  afterAll(async () => {
    heroku.remove();
    await installation.remove();
  });

  const versionNow = async (): Promise<number> => {
    const [newest] = JSON.parse(await heroku.ok('releases', '--json', '-n', '1', '-a', APP)) as {
      version: number;
    }[];
    return newest?.version ?? 0;
  };

  it('shows and scales dynos', async () => {
    await heroku.ok('ps:wait', '-a', APP);
    const ps = await heroku.ok('ps', '-a', APP);
    expect(ps).toMatch(/^=== web \(Standard-1X\): node web\.js \(1\)$/m);
    expect(ps).toMatch(/^web\.1: up \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d [+-]\d{4} \(~ \d+[sm] ago\)$/m);
    expect(ps).toMatch(/^=== worker \(Standard-1X\): node worker\.js \(1\)$/m);

    const scaled = await heroku.succeeds('ps:scale', 'web=2', 'worker+1', '-a', APP);
    expect(scaled.stderr).toMatch(
      /Scaling dynos\.\.\. done, now running web at 2:Standard-1X, worker at 2:Standard-1X/,
    );
    await heroku.ok('ps:wait', '-a', APP);
    expect(await heroku.ok('ps:scale', '-a', APP)).toContain('web=2:Standard-1X worker=2:Standard-1X');
    await heroku.ok('ps:scale', 'web=1:standard-2x', 'worker-1', '-a', APP);

    expect(await heroku.ok('ps:type', '-a', APP)).toMatch(/web\s.*Standard-2X/);
    await heroku.ok('ps:type', 'web=standard-1x', '-a', APP);
    expect(await heroku.ok('ps:scale', '-a', APP)).toContain('web=1:Standard-1X worker=1:Standard-1X');
  });

  it('restarts and stops dynos', async () => {
    const before = (await installation.get(APP, '/pid')).body;
    expect((await heroku.succeeds('ps:restart', '--dyno-name', 'web.1', '-a', APP)).stderr).toContain('done');
    await heroku.ok('ps:wait', '-a', APP);
    await expect
      .poll(async () => (await installation.get(APP, '/pid')).body, { timeout: 60_000 })
      .not.toBe(before);
    await heroku.ok('ps:restart', '--process-type', 'worker', '-a', APP);
    await heroku.ok('ps:restart', '-a', APP);
    await heroku.ok('ps:stop', '--dyno-name', 'worker.1', '-a', APP);
    await heroku.ok('ps:stop', '--process-type', 'worker', '-a', APP);
    const unknown = await heroku.run('ps:restart', '--dyno-name', 'web.77', '-a', APP);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/Error ID: not_found/);
  });

  it('prints logs by number, source, dyno and process type, and follows them', async () => {
    await heroku.ok('ps:wait', '-a', APP);
    await installation.get(APP, '/log');
    const own = /^\S+ app\[web\.1\]: a line \d+$/m;
    await expect
      .poll(() => heroku.ok('logs', '--source', 'app', '-a', APP), { timeout: 30_000 })
      .toMatch(own);
    expect((await heroku.ok('logs', '-n', '2', '-a', APP)).trimEnd().split('\n')).toHaveLength(2);
    expect(await heroku.ok('logs', '--source', 'heroku', '-a', APP)).toMatch(
      /^\S+ heroku\[router\]: at=info method=GET path="\/log"/m,
    );
    expect(await heroku.ok('logs', '--dyno-name', 'web.1', '-a', APP)).toMatch(own);
    const workers = await heroku.ok('logs', '--process-type', 'worker', '-a', APP);
    expect(workers).toContain('[worker.1]');
    expect(workers).not.toContain('[web.1]');

    const following = heroku.runWith({ endAfter: 8_000 }, 'logs', '--tail', '-n', '1', '-a', APP);
    const asking = setInterval(() => void installation.get(APP, '/log'), 500);
    const followed = await following.finally(() => clearInterval(asking));
    expect(followed.stdout.match(/app\[web\.1\]: a line \d+/g)?.length ?? 0).toBeGreaterThan(2);
  });

  it('changes config and shows releases', async () => {
    const set = await heroku.succeeds('config:set', 'A=1', 'B=two words', '-a', APP);
    const version = await versionNow();
    expect(set.stderr).toContain(`Setting A, B and restarting ${APP}... done, v${version}`);
    expect(set.stdout).toMatch(/^A: 1\nB: two words$/m);
    expect(await heroku.ok('config:get', 'B', '-a', APP)).toBe('two words\n');
    expect(await heroku.ok('config', '-a', APP)).toMatch(/=== shop Config Vars\n\nA: 1\nB: two words/);
    expect(await heroku.ok('config', '--shell', '-a', APP)).toBe("A=1\nB='two words'\n");
    expect(JSON.parse(await heroku.ok('config', '--json', '-a', APP))).toEqual({ A: '1', B: 'two words' });
    expect((await heroku.succeeds('config:unset', 'B', '-a', APP)).stderr).toContain(
      `Unsetting B and restarting ${APP}... done, v${version + 1}`,
    );

    const editor = join(heroku.folder, 'editor');
    writeFileSync(editor, '#!/bin/sh\nsed -i s/1/2/ "$1"\n', { mode: 0o755 });
    const edited = await heroku.runWith(
      { env: { EDITOR: editor, VISUAL: '' }, input: 'y\n' },
      ...['config:edit', '-a', APP],
    );
    expect(edited.code, edited.stderr).toBe(0);
    heroku.note('config:edit');
    expect(await heroku.ok('config:get', 'A', '-a', APP)).toBe('2\n');

    const releases = await heroku.ok('releases', '-a', APP);
    expect(releases).toContain(`=== ${APP} Releases - Current: v${version + 2}`);
    expect(releases).toMatch(new RegExp(`v${version} +Set A, B config vars`));
    const info = await heroku.ok('releases:info', `v${version}`, '-a', APP);
    expect(info).toContain(`=== Release v${version}`);
    expect(info).toContain('Set A, B config vars');
  });

  it('rolls back, and back again', async () => {
    const version = await versionNow();
    const rolled = await heroku.succeeds('rollback', `v${version - 1}`, '-a', APP);
    expect(rolled.stderr).toContain(`Rolling back ${APP} to v${version - 1}... done, v${version + 1}`);
    expect(rolled.stderr).toContain('Rollback affects code and config vars');
    expect(await heroku.ok('config:get', 'A', '-a', APP)).toBe('1\n');
    expect((await heroku.succeeds('releases:rollback', '-a', APP)).stderr).toContain(
      `Rolling back ${APP} to v${version}... done`,
    );
    expect(await heroku.ok('config:get', 'A', '-a', APP)).toBe('2\n');
    expect((await heroku.run('rollback', 'v999', '-a', APP)).code).toBe(2);
  });

  it('streams the output of a release command, also of one that fails', async () => {
    const files = aSmallApp('hello', {
      Procfile:
        'web: node web.js\nworker: node worker.js\nrelease: echo "migrating $MIGRATE"; exit ${RELEASE_CODE:-0}\n',
    });
    await installation.ok('push', installation.source('with-release', files), '-a', APP);
    expect(await heroku.ok('releases:output', '-a', APP)).toContain('migrating');
    const failed = await heroku.run('config:set', 'RELEASE_CODE=3', '-a', APP);
    expect(failed.code, failed.stderr).toBe(0);
    await expect
      .poll(() => heroku.ok('releases', '-a', APP), { timeout: 60_000 })
      .toContain('release command failed');
    await heroku.ok('config:set', 'MIGRATE=again', '-a', APP);
    const rolled = await heroku.succeeds('rollback', '-a', APP);
    expect(rolled.stdout + rolled.stderr).toContain('migrating');
    expect((await heroku.succeeds('releases:retry', '-a', APP)).stderr).toContain('Retrying');
  });

  it('runs one-off dynos: output, exit code, options, input', async () => {
    const run = await heroku.succeeds('run', '--no-notify', '-a', APP, '--', 'echo', 'hello from $DYNO');
    expect(run.stdout).toMatch(/^hello from run\.\d+$/m);
    expect(run.stderr).toMatch(/Running echo .* on shop.* up, run\.\d+/);
    const failed = await heroku.run(
      'run',
      '--exit-code',
      '--no-notify',
      '-a',
      APP,
      '--',
      "echo before; sh -c 'exit 7'",
    );
    expect(failed).toMatchObject({ code: 7, stdout: expect.stringContaining('before') as string });
    const options = await heroku.ok(
      ...[
        'run',
        '--no-notify',
        '--no-tty',
        '--size=standard-2x',
        '--type=worker',
        '--env',
        'A=1;B=two words',
      ],
      ...['-a', APP, '--', 'echo $A/$B'],
    );
    expect(options).toMatch(/^1\/two words$/m);
    const piped = await heroku.runWith(
      { input: 'one\ntwo\n' },
      'run',
      '--no-notify',
      '--no-tty',
      '-a',
      APP,
      '--',
      'cat; echo done',
    );
    expect(piped).toMatchObject({ code: 0, stdout: expect.stringMatching(/one\ntwo\ndone/) as string });
    const much = await heroku.ok('run', '--no-notify', '--no-tty', '-a', APP, '--', 'seq 1 100000');
    expect(much.trimEnd().split('\n').slice(-100_000).join(',')).toBe(
      Array.from({ length: 100_000 }, (_, index) => index + 1).join(','),
    );
  });

  it('runs a shell on a terminal of the client’s size', async () => {
    const session = await heroku.onTerminal(
      [
        { prompt: /up, run\.\d+/, answer: 'stty size; echo "so" "it" "is"\r' },
        { prompt: /so it is/, answer: 'exit\r' },
      ],
      ...['run', '--no-notify', '-a', APP, '--', 'sh'],
    );
    expect(session.stdout).toContain('24 80');
    expect(session.stdout).toContain('so it is');
  });

  it('runs detached, and inside of a dyno', async () => {
    const detached = await heroku.succeeds('run:detached', '-a', APP, '--', 'echo in the background');
    expect(detached.stderr).toMatch(/Running echo .*run\.\d+/);
    await expect
      .poll(() => heroku.ok('logs', '--source', 'app', '-a', APP), { timeout: 30_000 })
      .toMatch(/app\[run\.\d+\]: in the background/);
    await heroku.ok('ps:wait', '-a', APP);
    const inside = await heroku.run(
      'run:inside',
      'web.1',
      '--no-launcher',
      '-a',
      APP,
      '--',
      'echo inside $DYNO',
    );
    expect(inside).toMatchObject({ code: 0, stdout: expect.stringContaining('inside web.1') as string });
    heroku.note('run:inside');
    const code = await heroku.run('run:inside', 'web.1', '--exit-code', '-a', APP, '--', "sh -c 'exit 3'");
    expect(code.code).toBe(3);
  });
});
