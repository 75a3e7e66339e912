import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseApp, linkFolder, remoteApp, unlinkFolder } from '../../../../cli/app-name.js';
import { pack } from '../../../../cli/source/pack.js';
import { revisionOf } from '../../../../cli/source/revision.js';
import { scan } from '../../../../cli/source/scan.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfk-scan-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function git(...args: string[]): void {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  execFileSync('git', ['-C', folder, ...identity, ...args], { stdio: 'ignore' });
}

async function paths(): Promise<string[]> {
  return (await scan(folder)).files.map(({ path }) => path);
}

describe('the source in a folder', () => {
  it('is every file but .git, node_modules and .tfk, at any depth', async () => {
    for (const path of [
      'Procfile',
      'a/b.js',
      '.git/HEAD',
      'node_modules/x/y.js',
      'a/node_modules/z.js',
      '.tfk/app',
      '.env',
    ]) {
      write(path);
    }
    expect(await paths()).toEqual(['.env', 'Procfile', 'a/b.js']);
  });

  it('is less what .slugignore names, which knows no !', async () => {
    for (const path of ['Procfile', 'docs/a.md', 'docs/keep.md', 'x.psd', 'deep/x.psd']) write(path);
    write('.slugignore', '# comment\n/docs\n*.psd\n!docs/keep.md\n');
    expect(await paths()).toEqual(['.slugignore', 'Procfile']);
  });

  it('is less what git ignores, but not what git tracks', async () => {
    git('init', '-q');
    for (const path of ['Procfile', 'build/out.js', 'build/tracked.js', 'log.txt', 'sub/log.txt', 'sub/a.js'])
      write(path);
    write('.gitignore', 'build/\nlog.txt\n');
    git('add', '-f', 'build/tracked.js');
    expect(await paths()).toEqual(['.gitignore', 'Procfile', 'build/tracked.js', 'sub/a.js']);
  });

  it('in a subfolder of a repository obeys the ignore files above it', async () => {
    git('init', '-q');
    for (const path of ['app/Procfile', 'app/junk.tmp', 'other/x']) write(path);
    write('.gitignore', '*.tmp\n');
    expect((await scan(join(folder, 'app'))).files.map(({ path }) => path)).toEqual(['Procfile']);
  });

  it('inside a folder that git ignores whole is pushed all the same', async () => {
    git('init', '-q');
    for (const path of ['out/app/Procfile', 'out/app/junk.tmp']) write(path);
    write('.gitignore', 'out/\n');
    write('out/app/.gitignore', '*.tmp\n');
    expect((await scan(join(folder, 'out/app'))).files.map(({ path }) => path)).toEqual([
      '.gitignore',
      'Procfile',
    ]);
  });

  it('without git obeys the .gitignore files, the deepest first', async () => {
    for (const path of ['Procfile', 'a.log', 'sub/b.log', 'sub/c.txt', 'sub/deep/d.txt']) write(path);
    write('.gitignore', '*.log\n');
    write('sub/.gitignore', '!b.log\n*.txt\n');
    expect(await paths()).toEqual(['.gitignore', 'Procfile', 'sub/.gitignore', 'sub/b.log']);
  });

  it('has links as they are, and leaves out what is no file', async () => {
    write('Procfile');
    symlinkSync('Procfile', join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const tree = await scan(folder);
    expect(tree.files.map(({ path }) => path)).toEqual(['Procfile', 'link']);
    expect(tree.leftOut).toEqual(['pipe']);
  });

  it('that is empty is refused', async () => {
    await expect(scan(folder)).rejects.toThrow(/has no file to push/);
    write('node_modules/a.js');
    await expect(scan(folder)).rejects.toThrow(/has no file to push/);
  });

  it('that is missing or a file is refused', async () => {
    write('file');
    await expect(scan(join(folder, 'nowhere'))).rejects.toThrow(/is no folder/);
    await expect(scan(join(folder, 'file'))).rejects.toThrow(/is no folder/);
  });

  it('over 512 MiB is refused with the folders that make it big', async () => {
    write('Procfile');
    write('assets/video/a.bin', '');
    truncateSync(join(folder, 'assets/video/a.bin'), 600 * 1024 * 1024);
    const refusal = scan(folder);
    await expect(refusal).rejects.toThrow(/has 629\.1 MB, more than the 536\.9 MB/);
    await expect(refusal).rejects.toThrow('629.1 MB  assets/video/');
    await expect(refusal).rejects.toMatchObject({
      hint: expect.stringContaining('Nothing was sent') as string,
    });
  });
});

describe('the tarball', () => {
  it('holds the listed files with their content and modes, and no owner', async () => {
    write('Procfile', 'web: node a.js\n');
    write('sub/empty', '');
    symlinkSync('Procfile', join(folder, 'link'));
    const entries: Record<string, unknown> = {};
    const reader = extract();
    (await pack(await scan(folder))).pipe(createGunzip()).pipe(reader);
    for await (const entry of reader) {
      let text = '';
      for await (const chunk of entry) text += String(chunk);
      const { name, type, uid, gid, linkname } = entry.header;
      entries[name] = { type, uid, gid, text, ...(type === 'symlink' ? { linkname } : {}) };
    }
    expect(entries).toEqual({
      Procfile: { type: 'file', uid: 0, gid: 0, text: 'web: node a.js\n' },
      link: { type: 'symlink', uid: 0, gid: 0, text: '', linkname: 'Procfile' },
      'sub/empty': { type: 'file', uid: 0, gid: 0, text: '' },
    });
  });

  it('of a file that went meanwhile fails and says so', async () => {
    write('a');
    write('b');
    const tree = await scan(folder);
    rmSync(join(folder, 'b'));
    const stream = await pack(tree);
    const failure = new Promise((resolve) => stream.once('error', resolve));
    stream.resume();
    expect(await failure).toMatchObject({
      message: expect.stringContaining('Did a file change meanwhile?') as string,
    });
  });
});

describe('the revision', () => {
  it('is the commit of a folder without changes, else none', async () => {
    await expect(revisionOf(folder)).resolves.toBeNull();
    git('init', '-q');
    write('a');
    git('add', 'a');
    git('commit', '-q', '-m', 'x');
    await expect(revisionOf(folder)).resolves.toMatch(/^[0-9a-f]{40}$/);
    write('a', 'changed');
    await expect(revisionOf(folder)).resolves.toBeNull();
  });
});

describe('the app of a folder', () => {
  const nothing = { option: undefined, environment: undefined };

  it('is named by option, environment, .tfk/app, git remote, in this order', async () => {
    const sub = join(folder, 'a/b');
    mkdirSync(sub, { recursive: true });
    expect(chooseApp({ ...nothing, folder: sub })).toBeNull();
    write(
      '.git/config',
      '[core]\n\tbare = false\n[remote "tfk"]\n\turl = http://127.0.0.1:4270/by-remote.git\n\tfetch = +x\n',
    );
    expect(chooseApp({ ...nothing, folder: sub })).toEqual({ name: 'by-remote', from: 'remote' });
    await linkFolder(folder, 'by-folder');
    expect(chooseApp({ ...nothing, folder: sub })).toEqual({ name: 'by-folder', from: 'folder', folder });
    expect(chooseApp({ ...nothing, environment: 'by-env', folder: sub })).toMatchObject({ name: 'by-env' });
    expect(chooseApp({ option: 'by-option', environment: 'by-env', folder: sub })).toMatchObject({
      name: 'by-option',
    });
  });

  it('is forgotten only by its own name', async () => {
    await linkFolder(folder, 'mine');
    await unlinkFolder(folder, 'other');
    expect(chooseApp({ ...nothing, folder })).toMatchObject({ name: 'mine' });
    await unlinkFolder(folder, 'mine');
    expect(chooseApp({ ...nothing, folder })).toBeNull();
  });

  it.each([
    ['[remote "origin"]\n url = https://github.com/me/app.git\n', null],
    ['[remote "tfk"]\n url = http://host/app.git/\n[remote "origin"]\n url = x\n', 'app'],
    ['[remote "heroku"]\n\turl = https://127.0.0.1:4270/app.git\n', 'app'],
    ['[remote "heroku"]\n url = https://git.heroku.com/app.git\n', null],
    [
      '[remote "a"]\n url = http://localhost:1/one.git\n[remote "b"]\n url = https://127.0.0.1:1/two.git\n',
      null,
    ],
    ['[remote "tfk"]\n fetch = x\n[remote "origin"]\n url = http://host/other.git\n', null],
  ])('in a git config %j is %s', (config, name) => {
    expect(remoteApp(config)).toBe(name);
  });
});
