import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from '../support/installation.js';
import { AN_SSH_KEY, ANOTHER_SSH_KEY } from '../support/ssh-keys.js';
import { HerokuCli } from './heroku-cli.js';

describe('Heroku’s CLI, with SSH keys', () => {
  const installation = new Installation();
  let heroku: HerokuCli;
  beforeAll(async () => {
    heroku = await HerokuCli.of(installation);
  });
  afterAll(async () => {
    heroku.remove();
    await installation.remove();
  });

  it('adds, lists, removes and clears them', async () => {
    expect((await heroku.succeeds('keys')).stderr).toContain('You have no SSH keys.');
    for (const key of [AN_SSH_KEY, ANOTHER_SSH_KEY.replace(' ada at work', ' ada@work')]) {
      const file = join(heroku.folder, 'key.pub');
      writeFileSync(file, `${key}\n`);
      expect((await heroku.succeeds('keys:add', file)).stderr).toMatch(
        /Uploading .*key\.pub SSH key\.\.\. done/,
      );
    }
    expect(await heroku.ok('keys')).toMatch(
      /^=== .* keys\n\nssh-ed25519 AAAAC3NzaC\.\.\.DxHkC6Ae3K ada@laptop\nssh-rsa .* ada@work\n$/,
    );
    expect(await heroku.ok('keys', '--long')).toContain(AN_SSH_KEY);
    expect((await heroku.succeeds('keys:remove', 'ada@laptop')).stderr).toMatch(
      /Removing ada@laptop SSH key\.\.\. done/,
    );
    expect(await heroku.ok('keys')).not.toContain('ada@laptop');
    const unknown = await heroku.run('keys:remove', 'nobody@nowhere');
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain('Found keys: ada@work');
    expect((await heroku.succeeds('keys:clear')).stderr).toContain('Removing all SSH keys... done');
    expect((await heroku.succeeds('keys')).stderr).toContain('You have no SSH keys.');
    expect(await installation.ok('keys', '--json')).toBe('[]\n');
  });

  it('says what a private key is, and keeps nothing of it', async () => {
    const file = join(heroku.folder, 'private');
    writeFileSync(file, '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n');
    const ran = await heroku.run('keys:add', file);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('This is a private key');
    expect(ran.stderr).not.toContain('c2VjcmV0');
  });
});
