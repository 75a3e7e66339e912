import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppRecord } from '../../../daemon/store/apps.js';
import { until } from '../http/support.js';
import { Checkout, openGitBench, type GitBench } from './support.js';

const HUNDRED_MB = 100 * 1024 * 1024;

let bench: GitBench;
let checkout: Checkout;
let app: AppRecord;
let count = 0;
/** How the played builds end. */
let end: 'succeeded' | 'failed';
let during: (signal: AbortSignal) => Promise<void>;

beforeAll(async () => {
  bench = await openGitBench();
  bench.asked.buildOutput = async function* (signal) {
    yield '-----> Node.js app detected\n';
    await during(signal);
    const [build] = bench.store.builds.list(app.id);
    if (build?.status === 'pending') {
      const ended = { status: end, slugId: null, releaseId: null, message: end === 'failed' ? 'No.' : null };
      bench.store.builds.finish(build.id, ended, Date.now());
    }
    yield end === 'failed' ? ' !     Build failed.\n' : '-----> Launching...\n       Released v2\n';
  };
});
afterAll(() => bench.close());
beforeEach(async () => {
  end = 'succeeded';
  during = async () => undefined;
  app = await bench.pushedApp(`app-${++count}`);
  checkout = new Checkout();
  await checkout.init();
});
afterEach(() => checkout.remove());

const push = (...args: string[]) => checkout.git('push', bench.url(app.name), ...args);
const builds = () => bench.store.builds.list(app.id);

function received(): Buffer {
  const [build] = builds();
  return bench.asked.received.get(build?.sourceId ?? '') ?? Buffer.alloc(0);
}

/** Paths and contents of what became the source. */
function source(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'tfk-source-'));
  try {
    writeFileSync(join(folder, 'source.tgz'), received());
    const tar = (...args: string[]) =>
      execFileSync('tar', [...args, join(folder, 'source.tgz')], { encoding: 'utf8' });
    const paths = tar('tzf')
      .split('\n')
      .filter((path) => path !== '' && !path.endsWith('/'));
    return Object.fromEntries(
      paths.map((path) => [
        path,
        execFileSync('tar', ['xzOf', join(folder, 'source.tgz'), path], { encoding: 'utf8' }),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The branches of the app's repository, as a client sees them. */
async function branches(): Promise<Record<string, string>> {
  const listed = await checkout.ok('ls-remote', bench.url(app.name));
  const lines = listed.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [object = '', ref = ''] = line.split('\t');
      return [ref, object];
    }),
  );
}

function quarantines(): string[] {
  const objects = join(bench.home, 'git', 'repositories', `${app.id}.git`, 'objects');
  if (!existsSync(objects)) return [];
  return readdirSync(objects).filter((name) => name.includes('incoming'));
}

describe('a push to main', () => {
  it("builds the commit, shows the output in Heroku's style, and moves the branch", async () => {
    const commit = await checkout.commit(
      { Procfile: 'web: node web.js\n', 'lib/a.js': 'a' },
      'Say hello\n\nmore',
    );
    const { code, said } = await push('main');
    expect(said).toMatch(/^remote: Compressing source files\.\.\. done\./m);
    expect(said).toMatch(/^remote: Building source:/m);
    expect(said).toMatch(/^remote: -----> Node\.js app detected/m);
    expect(said).toMatch(/^remote: {8}Released v2/m);
    expect(said).toMatch(/^remote: Verifying deploy\.\.\. done\./m);
    expect(said).toMatch(/\[new branch\] +main -> main/);
    expect(code).toBe(0);
    expect(builds()).toMatchObject([
      { sourceVersion: commit, sourceDescription: 'Say hello\n\nmore', userEmail: 'ada@example.com' },
    ]);
    expect(source()).toEqual({ Procfile: 'web: node web.js\n', 'lib/a.js': 'a' });
    expect(await branches()).toEqual({ HEAD: commit, 'refs/heads/main': commit });
  });

  it('of what is there already does nothing', async () => {
    await checkout.commit({ a: '1' });
    await push('main');
    const again = await push('main');
    expect(again).toMatchObject({
      code: 0,
      said: expect.stringContaining('Everything up-to-date') as string,
    });
    expect(builds()).toHaveLength(1);
  });

  it('by force takes another history', async () => {
    await checkout.commit({ a: '1' });
    await push('main');
    await checkout.ok('commit', '-q', '--amend', '-m', 'another history');
    expect((await push('main')).said).toMatch(/rejected/);
    const forced = await push('--force', 'main');
    expect(forced.code).toBe(0);
    expect(builds()).toHaveLength(2);
    expect((await branches())['refs/heads/main']).toBe(await checkout.ok('rev-parse', 'HEAD'));
  });

  it('is refused where the build fails, and the next one is taken', async () => {
    end = 'failed';
    await checkout.commit({ a: '1' });
    const refused = await push('main');
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/^remote: {2}! {5}Build failed\./m);
    expect(refused.said).toMatch(
      new RegExp(`^remote: {2}! {5}Push rejected, failed to compile ${app.name}\\.`, 'm'),
    );
    expect(refused.said).toMatch(/\[remote rejected\] main -> main \(pre-receive hook declined\)/);
    expect(await branches()).toEqual({});
    end = 'succeeded';
    expect((await push('main')).code).toBe(0);
  });

  it('sends what is committed: also what archives would leave out, and nothing of this folder beside it', async () => {
    await checkout.commit({
      '.gitattributes': 'test export-ignore\nversion export-subst\n',
      test: 't',
      version: '$Format:%H$',
    });
    checkout.write({ untracked: 'u' });
    await push('main');
    expect(source()).toEqual({
      '.gitattributes': 'test export-ignore\nversion export-subst\n',
      test: 't',
      version: '$Format:%H$',
    });
  });

  it('says that submodules are not fetched', async () => {
    const commit = await checkout.commit({ a: '1' });
    await checkout.ok('update-index', '--add', '--cacheinfo', `160000,${commit},vendor/lib`);
    await checkout.ok('commit', '-q', '-m', 'a submodule');
    const { code, said } = await push('main');
    expect(said).toMatch(/Submodules are not fetched: vendor\/lib/);
    expect(code).toBe(0);
  });

  it('of 100 MB goes through in chunks; cut off on its way it leaves nothing', async () => {
    await checkout.commit({ big: randomBytes(HUNDRED_MB) });
    const cut = checkout.begin('push', bench.url(app.name), 'main');
    // The client packs first.
    await expect.poll(() => quarantines().length, { timeout: 120_000 }).toBe(1);
    process.kill(-(cut.pid ?? 0), 'SIGKILL');
    await cut;
    await until('the quarantine is gone', () => quarantines().length === 0);
    expect(builds()).toEqual([]);
    expect((await push('main')).code).toBe(0);
    expect(received().length).toBeGreaterThan(HUNDRED_MB);
    expect(builds()).toHaveLength(1);
  }, 240_000);
});

describe('a push of something else', () => {
  it('to master deploys too, and a clone finds it', async () => {
    const commit = await checkout.commit({ a: '1' });
    expect((await push('main:master')).code).toBe(0);
    expect(builds()).toHaveLength(1);
    expect(await branches()).toEqual({ HEAD: commit, 'refs/heads/master': commit });
    expect((await checkout.git('clone', '-q', bench.url(app.name), 'copy')).code).toBe(0);
    expect(await checkout.ok('-C', 'copy', 'rev-parse', 'HEAD')).toBe(commit);
  });

  it('another branch is kept, builds nothing, and says what to type', async () => {
    const commit = await checkout.commit({ a: '1' });
    const { code, said } = await push('main:try-this');
    expect(code).toBe(0);
    expect(said).toMatch(/Pushed to non-main branch try-this, skipping build/);
    expect(said).toMatch(/git push heroku try-this:main/);
    expect(builds()).toEqual([]);
    expect(await branches()).toEqual({ 'refs/heads/try-this': commit });
  });

  it('a branch whose name would do something in a shell', async () => {
    await checkout.commit({ a: '1' });
    const { code, said } = await push('main:refs/heads/$(touch${IFS}pwned);x');
    expect(code).toBe(0);
    expect(said).toContain("git push heroku '$(touch${IFS}pwned);x':main");
    expect(builds()).toEqual([]);
  });

  it('a tag is kept and deploys nothing; pushed to main it says how', async () => {
    await checkout.commit({ a: '1' });
    await checkout.ok('tag', '-a', '-m', 'one', 'v1');
    expect((await push('v1')).said).toMatch(/Pushed tag v1, skipping build/);
    const refused = await push('v1:refs/heads/main');
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/no commit/);
    expect(builds()).toEqual([]);
  });

  it('main and master at once, of two commits, are refused; of one they are one build', async () => {
    await checkout.commit({ a: '1' });
    expect((await push('main', 'main:master')).code).toBe(0);
    expect(builds()).toHaveLength(1);
    await checkout.ok('branch', 'older');
    await checkout.commit({ a: '2' });
    await checkout.commit({ a: '3' });
    const refused = await push('main', 'main~1:master');
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/main and master both deploy/);
    expect(builds()).toHaveLength(1);
  });

  it('the end of main is refused in words', async () => {
    const commit = await checkout.commit({ a: '1' });
    await push('main');
    const refused = await push(':main');
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/main is what this app runs: it cannot be deleted/);
    expect((await branches())['refs/heads/main']).toBe(commit);
  });

  it('an empty repository sends nothing', async () => {
    const refused = await push('main');
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/does not match any/);
    expect(builds()).toEqual([]);
  });

  it('a tree that attacks who checks it out is refused by git', async () => {
    await checkout.commit({ a: '1' });
    const blob = await checkout.ok('hash-object', '-w', 'a');
    const tree = execFileSync('git', ['-C', checkout.folder, 'mktree'], {
      input: `100755 blob ${blob}\t.git\n`,
      encoding: 'utf8',
    }).trim();
    const commit = await checkout.ok('commit-tree', '-m', 'hostile', tree);
    const refused = await push(`${commit}:refs/heads/main`);
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/hasDotgit/);
    expect(builds()).toEqual([]);
  });
});

describe('two pushes at once', () => {
  it('the second is refused in words, and taken afterwards', async () => {
    const first = await checkout.commit({ a: '1' });
    let go = (): void => undefined;
    during = () => new Promise((resolve) => (go = resolve));
    const one = push('main');
    await until('the first build', () => builds().length === 1);
    const second = await checkout.commit({ a: '2' });
    const two = await push('main');
    expect(two.code).toBe(1);
    expect(two.said).toMatch(/Another push to this app is being built/);
    during = async () => undefined;
    go();
    expect((await one).code).toBe(0);
    expect((await branches())['refs/heads/main']).toBe(first);
    expect((await push('main')).code).toBe(0);
    expect((await branches())['refs/heads/main']).toBe(second);
    expect(builds()).toHaveLength(2);
  });
});

describe('a push whose client is killed', () => {
  it('while it is built: the build is cancelled, the branch stays, the next push works', async () => {
    await checkout.commit({ a: '1' });
    during = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve());
        const timer = setInterval(() => {
          if (builds()[0]?.status === 'pending') return;
          clearInterval(timer);
          resolve();
        }, 10);
      });
    const killed = checkout.begin('push', bench.url(app.name), 'main');
    await until('the build', () => builds().length === 1);
    process.kill(-(killed.pid ?? 0), 'SIGKILL');
    await killed;
    await until('the end of the build', () => builds()[0]?.status === 'failed');
    await until('the quarantine is gone', () => quarantines().length === 0);
    during = async () => undefined;
    const again = await untilTaken(() => push('main'));
    expect(again.code).toBe(0);
    expect(await checkout.ok('ls-remote', bench.url(app.name))).toMatch(/refs\/heads\/main/);
  });
});

/** The killed push may still be ending. */
async function untilTaken(attempt: () => ReturnType<typeof push>): ReturnType<typeof push> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const ran = await attempt();
    if (!/Another push/.test(ran.said) || Date.now() > deadline) return ran;
  }
}

describe('who may', () => {
  it('read is told by the scope of the token, and who may write', async () => {
    const commit = await checkout.commit({ a: '1' });
    const urlWith = (...scope: string[]) => bench.url(app.name, bench.token(undefined, scope));
    const refused = await checkout.git('push', urlWith('read', 'read-protected'), 'main');
    expect(refused.code).toBe(128);
    expect(refused.said).toMatch(/^remote: This needs a token of the scope write;/m);
    expect(builds()).toEqual([]);
    expect((await checkout.git('push', urlWith('write'), 'main')).code).toBe(0);
    const readable = await checkout.git('ls-remote', urlWith('read'));
    expect([readable.code, readable.said]).toEqual([0, expect.stringContaining(commit)]);
    expect((await checkout.git('clone', '-q', urlWith('read'), 'copy')).code).toBe(0);
    for (const args of [
      ['ls-remote', urlWith('identity')],
      ['clone', urlWith('identity'), 'none'],
      ['push', urlWith('identity'), 'main'],
    ])
      expect(await checkout.git(...args)).toMatchObject({ code: 128 });
  });

  it.each([
    ['git-upload-pack', 'identity'],
    ['git-receive-pack', 'read'],
    ['git-receive-pack', 'identity'],
  ])('not ask for %s itself with a token of the scope %s', async (service, scope) => {
    const reply = await fetch(`http://127.0.0.1:${bench.port}/${app.name}.git/${service}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.token(undefined, [scope])}` },
    });
    expect(reply.status).toBe(403);
  });

  it('a wrong token, and none, are refused by git itself', async () => {
    await checkout.commit({ a: '1' });
    for (const url of [bench.url(app.name, 'wrong'), `http://127.0.0.1:${bench.port}/${app.name}.git`]) {
      const refused = await checkout.git('push', url, 'main');
      expect(refused.code).toBe(128);
      expect(refused.said).toMatch(/Authentication failed|could not read Username/);
    }
    expect(builds()).toEqual([]);
  });

  it('is asked for as Basic', async () => {
    const reply = await fetch(
      `http://127.0.0.1:${bench.port}/${app.name}.git/info/refs?service=git-receive-pack`,
    );
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  });

  it('an unknown app is told in words', async () => {
    await checkout.commit({ a: '1' });
    const refused = await checkout.git('push', bench.url('nosuch'), 'main');
    expect(refused.said).toMatch(/^remote: There is no app "nosuch"/m);
  });

  it.each(['..%2f..%2fetc', 'a%0ab', '%2e%2e', '-oProxyCommand=x'])('no app is %s', async (name) => {
    const reply = await fetch(
      `http://127.0.0.1:${bench.port}/${name}.git/info/refs?service=git-upload-pack`,
      { headers: { authorization: `Bearer ${bench.token()}` } },
    );
    expect([404, 405]).toContain(reply.status);
  });

  it('the dumb protocol is not spoken', async () => {
    const reply = await fetch(`http://127.0.0.1:${bench.port}/${app.name}.git/info/refs`, {
      headers: { authorization: `Bearer ${bench.token()}` },
    });
    expect(reply.status).toBe(403);
  });
});

it('a renamed app keeps its repository, and a destroyed one leaves none', async () => {
  const commit = await checkout.commit({ a: '1' });
  await push('main');
  await bench.services.apps.rename(app.id, `renamed-${count}`);
  app = bench.store.apps.find(app.id) ?? app;
  expect(await branches()).toEqual({ HEAD: commit, 'refs/heads/main': commit });
  await bench.git.forgetApp(app.id);
  expect(readdirSync(join(bench.home, 'git', 'repositories'))).not.toContain(`${app.id}.git`);
});
