import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CronJob } from '../../../buildpacks/cron.js';
import { BuildpackLibrary } from '../../../daemon/build/buildpacks/library.js';
import type {
  BuildJob,
  BuildRecords,
  BuiltSlug,
  CreateRelease,
  FailedBuild,
  FinishedBuild,
  NewSlug,
} from '../../../daemon/build/contracts.js';
import { BUILDPACK_LIMITS, FIXED_LIMITS, type BuildLimits } from '../../../daemon/build/limits.js';
import { BuildOutputs } from '../../../daemon/build/output.js';
import type { BuildParts } from '../../../daemon/build/parts.js';
import { Builds } from '../../../daemon/build/pipeline.js';
import { Sources } from '../../../daemon/build/receive.js';
import { Unpacker } from '../../../daemon/build/unpack.js';
import { ProcessBuilder } from '../../../daemon/engines/process/build/process-builder.js';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { TfkError } from '../../../daemon/shared/errors.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { Fingerprints } from '../../../daemon/shared/secret-box.js';
import { builtProgram } from '../../support/built.js';
import { theseToolchains } from '../../support/toolchains.js';
import { tempFolder } from './support.js';
import { entry, tar } from './tarball.js';

let unpackProgram = '';
let readProgram = '';
beforeAll(() => {
  unpackProgram = builtProgram('daemon/build/unpack/main.js');
  readProgram = unpackProgram.replace('unpack', 'reading');
}, 120_000);

/** The store, as far as builds see it. */
class MemoryRecords implements BuildRecords {
  readonly builds = new Map<string, { appId: string; status: string; end?: FinishedBuild | FailedBuild }>();
  readonly slugs: (NewSlug & BuiltSlug)[] = [];

  markRunning = (buildId: string): boolean => this.builds.get(buildId)?.status === 'pending';
  finish(buildId: string, end: FinishedBuild): void {
    this.end(buildId, 'succeeded', end);
  }
  fail(buildId: string, end: FailedBuild): void {
    this.end(buildId, 'failed', end);
  }
  pending = () =>
    [...this.builds].flatMap(([buildId, { appId, status }]) =>
      status === 'pending' ? [{ buildId, appId }] : [],
    );
  sourcesInUse = (): ReadonlySet<string> => new Set<string>();
  findSlug = (appId: string, contentKey: string) =>
    this.slugs.findLast((slug) => slug.appId === appId && slug.contentKey === contentKey) ?? null;
  insertSlug(slug: NewSlug): string {
    const slugId = `slug-${this.slugs.length + 1}`;
    this.slugs.push({ ...slug, slugId });
    return slugId;
  }
  readonly cronJobs = new Map<string, readonly CronJob[]>();
  putCronJobs(slugId: string, jobs: readonly CronJob[]): void {
    this.cronJobs.set(slugId, jobs);
  }
  private end(buildId: string, status: string, end: FinishedBuild | FailedBuild): void {
    const row = this.builds.get(buildId);
    if (row?.status === 'pending') this.builds.set(buildId, { ...row, status, end });
  }
}

class Stage {
  readonly home = tempFolder();
  private readonly homeKey = randomBytes(32);
  readonly records = new MemoryRecords();
  readonly outputs = new BuildOutputs(join(this.home, 'builds'), 1_000_000, createLogger('silent', 'test'));
  readonly sources: Sources;
  readonly releases: string[] = [];
  readonly setUps: unknown[] = [];
  readonly builds: Builds;
  private readonly counts = { build: 0, source: 0 };

  constructor(rest: Partial<BuildParts> = {}, limits: BuildLimits = { ...FIXED_LIMITS, timeoutMs: 60_000 }) {
    this.sources = new Sources(join(this.home, 'sources'), limits);
    const path = `${join(process.execPath, '..')}:/usr/local/bin:/usr/bin:/bin`;
    const builder = new ProcessBuilder({
      home: this.home,
      path,
      processes: new Processes(),
      toolchains: theseToolchains(),
      logger: createLogger('silent', 'test'),
    });
    this.builds = new Builds({
      engineOf: () => ({
        name: 'process',
        runtimeOf: (plan) => builder.runtimeOf(plan),
        build: (request) => builder.build(request),
        hasArtifact: (artifact) => builder.hasArtifact(artifact),
      }),
      records: this.records,
      createRelease: this.createRelease,
      setUp: async ({ appJson }) => void this.setUps.push(appJson),
      planContext: () => ({ config: {}, images: false }),
      buildpacks: new BuildpackLibrary({
        folder: join(this.home, 'cache/buildpacks'),
        unpacker: new Unpacker(unpackProgram, BUILDPACK_LIMITS),
        limits: BUILDPACK_LIMITS,
        path,
        env: {},
        clock: systemClock,
        fetch,
      }),
      configKey: (config) => new Fingerprints(this.homeKey, 'builds').of(config),
      buildEnv: {},
      sources: this.sources,
      outputs: this.outputs,
      paths: {
        sources: join(this.home, 'sources'),
        builds: join(this.home, 'builds'),
        unpackProgram,
        readProgram,
      },
      limits,
      clock: systemClock,
      logger: createLogger('silent', 'test'),
      ...rest,
    });
  }

  private readonly createRelease: CreateRelease = async ({ slugId }) => {
    const unchanged = this.releases.at(-1) === slugId;
    if (!unchanged) this.releases.push(slugId);
    const version = this.releases.length;
    return { version, releaseId: `release-${version}`, unchanged, url: 'http://hello.localhost:8080' };
  };

  async upload(files: Readonly<Record<string, unknown>>): Promise<string> {
    const parts = Object.entries(files).map(([name, content]) =>
      entry({ name, content: typeof content === 'string' ? content : JSON.stringify(content), mode: 0o755 }),
    );
    return this.uploadTar(gzipSync(tar(...parts)));
  }

  async uploadTar(archive: Buffer): Promise<string> {
    const id = `source-${++this.counts.source}`;
    await this.sources.receive(id, chunks(archive), archive.length);
    return id;
  }

  submit(sourceId: string, rest: Partial<Pick<BuildJob, 'appId' | 'checksum' | 'buildpacks'>> = {}) {
    const buildId = `build-${++this.counts.build}`;
    const appId = rest.appId ?? 'app-1';
    this.records.builds.set(buildId, { appId, status: 'pending' });
    const job = {
      buildId,
      appId,
      appName: 'hello',
      sourceId,
      checksum: rest.checksum ?? null,
      version: 'abc',
      actor: 'a@b',
      buildpacks: rest.buildpacks ?? [],
    };
    return { buildId, outcome: this.builds.submit(job) };
  }

  async push(files: Readonly<Record<string, unknown>>) {
    const { buildId, outcome } = this.submit(await this.upload(files));
    return { buildId, outcome: await outcome, output: await this.output(buildId) };
  }

  async output(buildId: string): Promise<string> {
    let text = '';
    for await (const chunk of this.outputs.read(buildId)) text += chunk.toString();
    return text;
  }
}

async function* chunks(...parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts;
}

const APP = {
  Procfile: 'web: node server.js\nworker: node worker.js\n',
  'package.json': { scripts: { build: 'node build.js' } },
  'build.js': `console.log('building'); require('fs').writeFileSync('out', '1')`,
};

describe('a push', () => {
  test('tells its story in Heroku’s style, and ends in a release', async () => {
    const { outcome, output } = await new Stage().push(APP);
    expect(outcome).toMatchObject({ ok: true, version: 1, unchanged: false });
    const lines = output.split('\n');
    for (const line of [
      '-----> Building on the process engine',
      '-----> Node.js app detected',
      '-----> Running the build script',
      '       building',
      '-----> Discovering process types',
      '       Procfile declares types -> web, worker',
      '-----> Compressing...',
      '-----> Launching...',
      '       Released v1',
      '       http://hello.localhost:8080 deployed to tfk',
    ]) {
      expect(lines).toContain(line);
    }
  });

  test('of the same source runs no step and releases nothing', async () => {
    const stage = new Stage();
    await stage.push(APP);
    const { outcome, output } = await stage.push(APP);
    expect(outcome).toMatchObject({ ok: true, version: 1, unchanged: true, releaseId: null });
    expect(output).toContain('Unchanged: v1');
    expect(output).not.toContain('building');
    expect(stage.records.slugs).toHaveLength(1);
  });

  test('is the same source whatever lies in .git, node_modules and what .slugignore names', async () => {
    const stage = new Stage();
    const app = { ...APP, '.slugignore': '*.md\n/docs/\n' };
    await stage.push(app);
    const junk = { 'a.md': 'x', '.git/config': 'x', 'node_modules/left/index.js': 'x', 'docs/b.txt': 'y' };
    const { outcome } = await stage.push({ ...app, ...junk });
    expect(outcome).toMatchObject({ ok: true, unchanged: true });
  });

  test('hands app.json to the set-up before its release, and keeps it with the slug', async () => {
    const stage = new Stage();
    await stage.push({ ...APP, 'app.json': { addons: ['postgres'], formation: { wrker: { quantity: 1 } } } });
    expect(stage.setUps).toEqual([{ addons: ['postgres'], formation: { wrker: { quantity: 1 } } }]);
    expect(stage.records.slugs[0]?.appJson).toMatchObject({ addons: ['postgres'] });
    expect(await stage.output('build-1')).toContain('there is no process type wrker, did you mean worker?');
  });
});

describe('scheduled jobs of app.json', () => {
  const withCron = (...cron: unknown[]) => ({ ...APP, 'app.json': { cron } });
  const NIGHTLY = { command: 'node nightly.js', schedule: '30 3 * * *', timezone: 'Europe/Berlin' };

  test('are told, and kept with the slug, also with one that is used again', async () => {
    const stage = new Stage();
    const { output } = await stage.push(withCron(NIGHTLY));
    expect(output).toContain(
      '-----> Scheduled jobs: 1\n       30 3 * * * (Europe/Berlin) -> node nightly.js\n',
    );
    stage.records.cronJobs.clear();
    await stage.push(withCron(NIGHTLY));
    expect([...stage.records.cronJobs]).toMatchObject([
      ['slug-1', [{ command: 'node nightly.js', expression: '30 3 * * *', concurrencyPolicy: 'allow' }]],
    ]);
  });

  test('that cannot be read fail the push, each with field and reason', async () => {
    const { outcome, output } = await new Stage().push(
      withCron({ ...NIGHTLY, schedule: '30 25 * * *' }, { command: 'true', schedule: '@dayly' }),
    );
    expect(outcome).toMatchObject({ ok: false, reason: 'plan' });
    expect(output).toContain('cron/0/schedule: hour: "25" should be 0 to 23');
    expect(output).toContain('cron/1/schedule: "@dayly" is not known, did you mean @daily?');
    expect(output).toContain('Correct app.json and push again.');
  });

  test('are the same job over deploys, until command, schedule or time zone change', async () => {
    const stage = new Stage();
    const id = async (entry: object) => {
      await stage.push(withCron({ ...NIGHTLY, ...entry }));
      return [...stage.records.cronJobs.values()].at(-1)?.[0]?.id;
    };
    const first = await id({});
    expect(await id({ maintenance: true, concurrency_policy: 'forbid' })).toBe(first);
    expect(await id({ schedule: '31 3 * * *' })).not.toBe(first);
    expect(await id({ timezone: 'UTC' })).not.toBe(first);
    expect(await id({ command: 'node weekly.js' })).not.toBe(first);
  });
});

test('a process type whose program is not in the slug is named before it crashes', async () => {
  const stage = new Stage();
  const { output } = await stage.push({
    ...APP,
    Procfile: 'web: node server.js\nworker: bin/worker --all\n',
  });
  expect(output).toContain('worker: bin/worker is not in the slug');
});

describe('a source that cannot be built fails with its reason, and releases nothing:', () => {
  const sh = (build: string) => ({ ...APP, 'package.json': { scripts: { build } } });
  test.each([
    ['detect', { 'main.bas': '' }, /Looked for:[^]*package\.json[^]*Found instead:[^]*main\.bas/],
    ['detect', { Dockerfile: 'FROM x' }, /needs the Docker engine/],
    ['plan', { Procfile: 'web: a\n\nbroken\n' }, /Procfile line 3/],
    ['plan', { Procfile: 'web: a\nweb: b\n' }, /in line 1 and in line 2/],
    [
      'plan',
      { ...APP, 'app.json': { healthchecks: { web: [{ path: 1 }] } } },
      /healthchecks\/web\/0\/path: should be a string/,
    ],
    ['plan', { ...APP, 'package.json': '{' }, /package\.json is not valid JSON/],
    ['plan', { ...APP, '.slugignore': '*\n!a\n' }, /\.slugignore line 2/],
    ['command', sh('exit 3'), /exited with status/],
    ['runtime', { ...APP, 'package.json': { engines: { node: '>=99' } } }, /asks for Node\.js >=99/],
  ])('%s', async (reason, files: Record<string, unknown>, text) => {
    const stage = new Stage();
    const { outcome, buildId, output } = await stage.push(files);
    expect(outcome).toMatchObject({ ok: false, reason });
    expect(output).toMatch(text);
    expect(output).toContain(' !     Build failed. Nothing was released, and nothing that runs was touched.');
    expect(stage.records.builds.get(buildId)).toMatchObject({ status: 'failed', end: { reason } });
    expect(stage.releases).toEqual([]);
    expect(readdirSync(join(stage.home, 'builds')).filter((name) => !name.endsWith('.log'))).toEqual([]);
  });

  test('a refused tarball', async () => {
    const stage = new Stage();
    const { outcome } = stage.submit(await stage.uploadTar(tar(entry({ name: '../x', content: 'x' }))));
    expect(await outcome).toMatchObject({
      ok: false,
      reason: 'source',
      message: expect.stringContaining('leads out') as string,
    });
  });

  test('an empty source', async () => {
    const stage = new Stage();
    const { outcome } = stage.submit(await stage.uploadTar(tar(entry({ name: './', type: '5' }))));
    expect(await outcome).toMatchObject({
      ok: false,
      reason: 'detect',
      message: expect.stringContaining('empty') as string,
    });
  });

  test('a source with another checksum than announced', async () => {
    const stage = new Stage();
    const archive = tar(entry({ name: 'Procfile', content: 'web: true' }));
    const right = `SHA256:${createHash('sha256').update(archive).digest('hex')}`;
    expect(await stage.submit(await stage.uploadTar(archive), { checksum: right }).outcome).toMatchObject({
      ok: true,
    });
    const wrong = stage.submit(await stage.uploadTar(archive), { checksum: `SHA256:${'0'.repeat(64)}` });
    expect(await wrong.outcome).toMatchObject({ ok: false, reason: 'source' });
  });

  test('a source that was never uploaded', async () => {
    expect(await new Stage().submit('nosuch').outcome).toMatchObject({
      ok: false,
      message: 'There is no source nosuch.',
    });
  });

  test('a release that is refused', async () => {
    const createRelease = () => Promise.reject(new TfkError('conflict', 'The app is being destroyed.'));
    const { outcome } = await new Stage({ createRelease }).push(APP);
    expect(outcome).toMatchObject({ ok: false, reason: 'release', message: 'The app is being destroyed.' });
  });
});

/** A build that says when it runs, and goes on when told. */
function gated(folder: string, name: string) {
  const started = join(folder, `${name}.started`);
  const go = join(folder, `${name}.go`);
  const build = `touch ${started}; while [ ! -e ${go} ]; do sleep 0.05; done`;
  return {
    files: { ...APP, name, 'package.json': { scripts: { build } } },
    hasStarted: () => existsSync(started),
    untilStarted: () => expect.poll(() => existsSync(started), { timeout: 30_000 }).toBe(true),
    go: () => writeFileSync(go, ''),
  };
}

describe('the queue', () => {
  test('runs one build of an app at a time, in order, and says so', async () => {
    const stage = new Stage();
    const folder = tempFolder();
    const [first, second] = [gated(folder, 'first'), gated(folder, 'second')];
    const one = stage.submit(await stage.upload(first.files));
    const two = stage.submit(await stage.upload(second.files));
    await first.untilStarted();
    expect([stage.builds.position(one.buildId), stage.builds.position(two.buildId)]).toEqual([0, 1]);
    expect(second.hasStarted()).toBe(false);
    second.go();
    first.go();
    expect([await one.outcome, await two.outcome]).toMatchObject([{ version: 1 }, { version: 2 }]);
    expect(stage.builds.position(two.buildId)).toBe(null);
    expect(await stage.output(two.buildId)).toContain('number 1 in the queue');
  });

  test('lets a waiting and a running build be cancelled, each once', async () => {
    const stage = new Stage();
    const gate = gated(tempFolder(), 'gate');
    const running = stage.submit(await stage.upload(gate.files));
    const waiting = stage.submit(await stage.upload(APP));
    await gate.untilStarted();
    expect(stage.builds.cancel(waiting.buildId)).toBe(true);
    expect(await waiting.outcome).toMatchObject({ ok: false, reason: 'cancelled' });
    expect(stage.builds.cancel(running.buildId)).toBe(true);
    expect(await running.outcome).toMatchObject({ ok: false, reason: 'cancelled' });
    expect(stage.builds.cancel(running.buildId)).toBe(false);
    expect(await stage.output(running.buildId)).toContain('Build cancelled');
    expect(stage.releases).toEqual([]);
  });

  test('is emptied when tfkd stops', async () => {
    const stage = new Stage();
    const gate = gated(tempFolder(), 'gate');
    const running = stage.submit(await stage.upload(gate.files));
    const waiting = stage.submit(await stage.upload(APP));
    await gate.untilStarted();
    await stage.builds.stop();
    for (const { outcome } of [running, waiting]) {
      expect(await outcome).toMatchObject({ ok: false, reason: 'interrupted' });
    }
    expect(stage.records.pending()).toEqual([]);
  });
});

test('the row is final before the output ends', async () => {
  const stage = new Stage();
  const { buildId, outcome } = stage.submit(await stage.upload(APP));
  await stage.output(buildId);
  expect(stage.records.builds.get(buildId)?.status).toBe('succeeded');
  await outcome;
});

test('after a crash, pending builds end failed, and their trees are gone', async () => {
  const stage = new Stage();
  stage.records.builds.set('build-9', { appId: 'app-1', status: 'pending' });
  mkdirSync(join(stage.home, 'builds/build-9.tree/x'), { recursive: true });
  writeFileSync(join(stage.home, 'builds/build-9.log'), '-----> Building\n');
  await stage.builds.recover();
  expect(stage.records.builds.get('build-9')).toMatchObject({
    status: 'failed',
    end: { reason: 'interrupted' },
  });
  expect(readdirSync(join(stage.home, 'builds'))).toEqual(['build-9.log']);
  expect(readFileSync(join(stage.home, 'builds/build-9.log'), 'utf8')).toMatch(/Building\n ! {5}tfkd ended/);
});

test('a buildpack that is set plans the build, whatever else would have been detected', async () => {
  const stage = new Stage();
  const source = await stage.upload({ ...APP, Procfile: 'web: node server.js\n' });
  const { buildId, outcome } = stage.submit(source, { buildpacks: ['heroku/procfile'] });
  expect(await outcome).toMatchObject({ ok: true });
  const output = await stage.output(buildId);
  expect(output).toContain('-----> Using buildpack: heroku/procfile\n');
  expect(output).toContain('-----> Procfile app detected');
  const other = stage.submit(await stage.upload({ Procfile: 'web: true\n' }), {
    buildpacks: ['heroku/nodejs'],
  });
  expect(await other.outcome).toMatchObject({
    ok: false,
    reason: 'detect',
    message: 'App not compatible with buildpack: heroku/nodejs\nIt looks for: package.json (Node.js)',
  });
});

describe('classic buildpacks', () => {
  const aBuildpack = (release: string) => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/detect'), '#!/bin/sh\necho Tiny\n');
    writeFileSync(join(folder, 'bin/compile'), '#!/bin/sh\necho built >"$1/built"\n');
    writeFileSync(join(folder, 'bin/release'), `#!/bin/sh\nprintf '${release}'\n`);
    return folder;
  };

  test('bring process types below the Procfile’s, and their environment', async () => {
    const stage = new Stage();
    const buildpack = aBuildpack(
      'default_process_types:\\n  web: tiny\\n  clock: tiny clock\\nconfig_vars:\\n  LANG: C\\n',
    );
    const source = await stage.upload({ Procfile: 'web: ours\n' });
    const { buildId, outcome } = stage.submit(source, { buildpacks: [buildpack] });
    expect(await outcome).toMatchObject({ ok: true });
    expect(stage.records.slugs[0]).toMatchObject({
      processTypes: { web: 'ours', clock: 'tiny clock' },
      broughtEnv: { LANG: 'C' },
      plan: { planner: 'buildpacks', launchEnv: {} },
    });
    const output = await stage.output(buildId);
    expect(output).toContain(`-----> Using buildpack: ${buildpack}\n`);
    expect(output).toContain('-----> Tiny app detected\n');
    expect(output).toContain('Default types for buildpack -> clock\n');
    const again = stage.submit(source, { buildpacks: [buildpack] });
    expect(await again.outcome).toMatchObject({ ok: true, unchanged: true });
    expect(readdirSync(join(stage.home, 'builds'))).toEqual(['build-1.log', 'build-2.log']);
  });

  test('leave nothing on disk of the config vars which they bring, of which those of the app come first', async () => {
    const stage = new Stage({ planContext: () => ({ config: { TOKEN: 'of-the-app' }, images: false }) });
    const buildpack = aBuildpack('config_vars:\\n  TOKEN: of-the-buildpack\\n  SEED: open-sesame\\n');
    const source = await stage.upload({ Procfile: 'web: ours\n' });
    expect(await stage.submit(source, { buildpacks: [buildpack] }).outcome).toMatchObject({ ok: true });
    expect(stage.records.slugs[0]?.broughtEnv).toEqual({ SEED: 'open-sesame' });
    for (const secret of ['of-the-app', 'of-the-buildpack', 'open-sesame'])
      expect(spawnSync('grep', ['-rl', secret, stage.home], { encoding: 'utf8' }).stdout).toBe('');
    // Another app's slug of the same content has them too.
    const other = stage.submit(source, { appId: 'app-2', buildpacks: [buildpack] });
    expect(await other.outcome).toMatchObject({ ok: true });
    expect(stage.records.slugs[1]?.broughtEnv).toEqual({ SEED: 'open-sesame' });
  });

  test('are found again by keys that say nothing of the config vars to whoever has not the key of the home', async () => {
    const keys: string[] = [];
    const buildpack = aBuildpack('');
    for (const TOKEN of ['one', 'one', 'two']) {
      const stage = new Stage({ planContext: () => ({ config: { TOKEN }, images: false }) });
      const source = await stage.upload({ Procfile: 'web: ours\n' });
      await stage.submit(source, { buildpacks: [buildpack] }).outcome;
      keys.push(stage.records.slugs[0]?.contentKey ?? '', ...readdirSync(join(stage.home, 'cache/built')));
    }
    expect(new Set(keys).size).toBe(6);
  });

  test('are taken from app.json at the first push only, and never from this machine', async () => {
    let isNew = true;
    const stage = new Stage({ planContext: () => ({ config: {}, images: false, isNew }) });
    const asking = (url: string) => ({ ...APP, 'app.json': { buildpacks: [{ url }] } });
    const first = await stage.push(asking('heroku/procfile'));
    expect(first.output).toContain('-----> Using buildpack: heroku/procfile\n');
    const local = await stage.push(asking(aBuildpack('')));
    expect(local.outcome).toMatchObject({
      reason: 'detect',
      message: expect.stringContaining('which is on this machine, and a source may not say that') as string,
    });
    isNew = false;
    expect((await stage.push(asking(aBuildpack('')))).outcome).toMatchObject({ ok: true });
  });
});

test('a plan is printed without running anything', async () => {
  const stage = new Stage();
  const tarball = await stage.sources.locate(await stage.upload(APP));
  const planned = await stage.builds.plan(tarball, { appId: null }, new AbortController().signal);
  expect(planned).toMatchObject({
    plan: { planner: 'node', steps: [{ name: 'build' }] },
    processTypes: { web: 'node server.js', worker: 'node worker.js' },
  });
  expect(readdirSync(join(stage.home, 'builds'))).toEqual([]);
  const broken = await stage.sources.locate(await stage.upload({ Procfile: 'x' }));
  await expect(
    stage.builds.plan(broken, { appId: null }, new AbortController().signal),
  ).rejects.toMatchObject({
    id: 'invalid_params',
    message: expect.stringContaining('Procfile line 1') as string,
  });
});
