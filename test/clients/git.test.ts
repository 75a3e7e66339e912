import { execa } from 'execa';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSmallApp, Installation, type Ran } from '../support/installation.js';
import { HerokuCli } from './heroku-cli.js';

describe('git, through Heroku’s CLI', () => {
  const installation = new Installation();
  let heroku: HerokuCli;
  let source = '';

  const git = async (cwd: string, ...args: string[]): Promise<Ran> => {
    const ran = await execa('git', args, {
      cwd,
      env: heroku.environment,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    return { code: ran.exitCode ?? -1, stdout: ran.stdout, stderr: ran.stderr };
  };
  const inFolder = (cwd: string, ...args: string[]): Promise<Ran> => heroku.runWith({ cwd }, ...args);

  beforeAll(async () => {
    source = installation.source('shop', aSmallApp('from git'));
    await installation.ok('daemon:start');
    heroku = await HerokuCli.of(installation);
    await heroku.ok('create', 'shop', '--no-remote');
    for (const args of [
      ['init', '-q', '-b', 'main'],
      ['add', '.'],
      ['commit', '-qm', 'First'],
    ])
      expect((await git(source, ...args)).code).toBe(0);
  });
  afterAll(async () => {
    heroku.remove();
    await installation.remove();
  });

  it('writes the remote, pushes, and finds the app by it', async () => {
    const remote = await inFolder(source, 'git:remote', '-a', 'shop');
    expect(remote.stdout + remote.stderr).toMatch(
      /set git remote heroku to https:\/\/127\.0\.0\.1:\d+\/shop\.git/,
    );
    heroku.note('git:remote');
    const pushed = await git(source, 'push', 'heroku', 'main');
    expect(pushed.code, pushed.stderr).toBe(0);
    expect(pushed.stderr).toMatch(/remote: -----> Building/);
    expect(pushed.stderr).toMatch(/remote: .*Released v\d+/);
    expect((await installation.get('shop')).body).toBe('from git');
    expect((await inFolder(source, 'releases')).stdout).toMatch(/Deploy [0-9a-f]{7,8}/);
  });

  it('refuses the push of what does not build', async () => {
    appendFileSync(join(source, 'Procfile'), 'this is no process type\n');
    await git(source, 'commit', '-qam', 'Broken');
    const pushed = await git(source, 'push', 'heroku', 'main');
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toMatch(/remote: .*!/);
    expect(pushed.stderr).toContain('[remote rejected] main -> main');
    expect((await installation.get('shop')).body).toBe('from git');
  });

  it('clones what was deployed', async () => {
    const cloned = await heroku.run('git:clone', '-a', 'shop', 'copy');
    expect(cloned.code, cloned.stderr).toBe(0);
    heroku.note('git:clone');
    expect(existsSync(join(heroku.folder, 'copy', 'web.js'))).toBe(true);
  });
});
