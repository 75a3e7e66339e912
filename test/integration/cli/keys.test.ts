import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AN_SSH_KEY, ANOTHER_SSH_KEY, ITS_FINGERPRINT } from '../../support/ssh-keys.js';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

const AT = '2026-01-02T03:04:05Z';
const ofLaptop = {
  id: '01234567-89ab-cdef-0123-456789abcdef',
  comment: 'ada@laptop',
  email: 'ada@laptop',
  fingerprint: ITS_FINGERPRINT,
  public_key: AN_SSH_KEY,
  created_at: AT,
  updated_at: AT,
};
const ofWork = {
  ...ofLaptop,
  id: '11234567-89ab-cdef-0123-456789abcdef',
  comment: 'ada at work',
  fingerprint: 'cf:fe:03:6c:56:35:62:67:3e:52:9f:65:0f:b9:90:ee',
  public_key: ANOTHER_SSH_KEY,
};

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  tfkd.on('GET /account/keys', { json: [ofLaptop, ofWork] });
});
afterEach(() => tfkd.stop());
const tfk = (...words: string[]) => runCli(words, { home: tfkd.home, env: { HOME: tfkd.home } });

/** A file in `~/.ssh`. */
function inSshFolder(name: string, text: string): string {
  const folder = join(tfkd.home, '.ssh');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('keys', () => {
  it('are listed, shortened or whole', async () => {
    expect((await tfk('keys')).stdout).toMatch(
      /^ssh-ed25519 AAAAC3NzaC\.\.\.DxHkC6Ae3K ada@laptop\nssh-rsa AAAAB3NzaC\.\.\.\S{10} ada at work\n$/,
    );
    expect((await tfk('keys', '--long')).stdout).toBe(`${AN_SSH_KEY}\n${ANOTHER_SSH_KEY}\n`);
    expect(JSON.parse((await tfk('keys', '--json')).stdout)).toEqual([ofLaptop, ofWork]);
  });

  it('that are none leave stdout empty', async () => {
    tfkd.on('GET /account/keys', { json: [] });
    expect(await tfk('keys')).toMatchObject({ code: 0, stdout: '', stderr: 'You have no SSH keys.\n' });
  });

  it('tell in their help that nobody comes in by them', async () => {
    for (const name of ['keys', 'keys:add'])
      expect((await tfk('help', name)).stdout.replace(/\s+/g, ' ')).toMatch(
        /Nobody comes in by them: git pushes over HTTPS here, with a token/,
      );
  });
});

describe('keys:add', () => {
  beforeEach(() => void tfkd.on('POST /account/keys', { status: 201, json: ofLaptop }));

  it('sends the file it is given', async () => {
    const file = inSshFolder('work.pub', `${AN_SSH_KEY}\n`);
    const ended = await tfk('keys:add', file);
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: `Uploading ${file} SSH key... done\n` });
    expect(tfkd.sent('POST /account/keys')).toEqual({ public_key: `${AN_SSH_KEY}\n` });
  });

  it('takes the usual one without, the newest kind first', async () => {
    inSshFolder('id_rsa.pub', ANOTHER_SSH_KEY);
    await tfk('keys:add');
    expect(tfkd.sent('POST /account/keys')).toEqual({ public_key: ANOTHER_SSH_KEY });
    inSshFolder('id_ed25519.pub', AN_SSH_KEY);
    await tfk('keys:add');
    expect(tfkd.sent('POST /account/keys')).toEqual({ public_key: AN_SSH_KEY });
  });

  it.each([
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n'],
    ['PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nc2VjcmV0\n'],
  ])('never sends a private key, nor shows it', async (text) => {
    const file = inSshFolder('id_ed25519', text);
    const ended = await tfk('keys:add', file);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/is a private key[^]*It was not sent\.[^]*tfk keys:add \S+id_ed25519\.pub/);
    expect(ended.stderr).not.toContain('c2VjcmV0');
    expect(tfkd.requests()).toEqual([]);
  });

  it('says what to type where there is no key, or no such file', async () => {
    const none = await tfk('keys:add');
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/There is no id_ed25519\.pub, [^]*ssh-keygen -t ed25519/);
    const missing = await tfk('keys:add', '/nonexistent/key.pub');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/\/nonexistent\/key\.pub cannot be read/);
    expect(tfkd.requests()).toEqual([]);
  });
});

describe('keys are removed', () => {
  const removed = () => tfkd.requests().filter((request) => request.startsWith('DELETE'));
  beforeEach(() => {
    for (const key of [ofLaptop, ofWork]) tfkd.on(`DELETE /account/keys/${key.id}`, { json: key });
  });

  it.each([['ada at work'], [ofWork.fingerprint], [ofWork.id]])('one by one: %s', async (named) => {
    const ended = await tfk('keys:remove', named);
    expect(ended).toMatchObject({ code: 0, stderr: `Removing ${named} SSH key... done\n` });
    expect(removed()).toEqual([`DELETE /account/keys/${ofWork.id}`]);
  });

  it('all at once', async () => {
    expect((await tfk('keys:clear')).stderr).toBe('Removing all SSH keys... done\n');
    expect(removed()).toEqual([ofLaptop, ofWork].map(({ id }) => `DELETE /account/keys/${id}`));
  });

  it('but not one that is not there', async () => {
    const ended = await tfk('keys:remove', 'nobody@nowhere');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/You have no key nobody@nowhere\.[^]*tfk keys/);
    expect(removed()).toEqual([]);
  });
});
