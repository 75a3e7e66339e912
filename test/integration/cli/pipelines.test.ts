import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  const apps = ['dev', 'stage-b', 'stage-a', 'prod'].map((name) => ({ id: name, name }));
  const pipeline = { id: 'p', name: 'shop' };
  const couplings = ['development', 'staging', 'staging', 'production'].map((stage, at) => ({
    id: `c${at}`,
    app: { id: apps[at]?.id },
    pipeline,
    stage,
  }));
  tfkd
    .on('GET /apps', { json: apps })
    .on('GET /account', { json: { email: 'a@b.c' } })
    .on('GET /pipelines/shop', { json: pipeline })
    .on('GET /pipelines/p/pipeline-couplings', { json: couplings });
  for (const coupling of couplings)
    tfkd.on(`GET /apps/${coupling.app.id ?? ''}/pipeline-couplings`, { json: coupling });
});
afterEach(() => tfkd.stop());

const tfk = (...words: string[]) => runCli(words, { home: tfkd.home });

it('shows the apps of a pipeline by stage, then by name', async () => {
  expect(await tfk('pipelines:info', 'shop')).toEqual({
    code: 0,
    stdout: [
      '=== shop',
      '',
      'owner: a@b.c',
      '',
      'app name  stage',
      '────────  ───────────',
      'dev       development',
      'stage-a   staging',
      'stage-b   staging',
      'prod      production',
      '',
    ].join('\n'),
    stderr: '',
  });
});

it('promotes to all apps of the next stage, and ends with 1 where one of them failed', async () => {
  const ended = [
    { app: { id: 'stage-a' }, status: 'succeeded', error_message: null, release: { id: 'r' } },
    { app: { id: 'stage-b' }, status: 'failed', error_message: 'It ended with 3.', release: { id: 's' } },
  ];
  let polls = 0;
  tfkd
    .on('POST /pipeline-promotions', { status: 201, json: { id: 'x' } })
    .on('GET /pipeline-promotions/x/promotion-targets', () => ({
      json: ++polls < 2 ? ended.map((target) => ({ ...target, status: 'pending', release: null })) : ended,
    }));
  expect(await tfk('pipelines:promote', '-a', 'dev')).toMatchObject({
    code: 1,
    stdout: 'stage-a: succeeded\nstage-b: failed\n         It ended with 3.\n',
    stderr: expect.stringMatching(
      /Starting promotion to staging... done\n[^]*Promotion to some apps failed/,
    ) as string,
  });
  expect(tfkd.sent('POST /pipeline-promotions')).toEqual({
    pipeline: { id: 'p' },
    source: { app: { id: 'dev' } },
    targets: [{ app: { id: 'stage-a' } }, { app: { id: 'stage-b' } }],
  });
});

it.each([
  [['-a', 'prod'], "Cannot promote prod from 'production' stage"],
  [['-a', 'dev', '--to', 'prod,other'], 'Cannot find app other in shop'],
])('promotes nothing with %j', async (words, message) => {
  const { code, stderr } = await tfk('pipelines:promote', ...words);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(tfkd.requests()).not.toContain('POST /pipeline-promotions');
});

it('shows what a promotion would bring, without the config, which is each app’s own', async () => {
  const config = [{ key: 'STAGE', change: 'changed', from: '****', to: '****' }];
  const diff = { from: 3, to: 7, config, process_types: [], bindings: [], dependencies: [] };
  tfkd
    .on('GET /tfk/apps/stage-a/diff/dev', {
      json: { ...diff, slug: { changed: true }, files: [{ path: 'web.js', change: 'changed' }] },
    })
    .on('GET /tfk/apps/stage-b/diff/dev', { json: { ...diff, slug: { changed: false }, files: [] } });
  const { stdout } = await tfk('pipelines:diff', '-a', 'dev');
  expect(stdout).toContain('=== ⬢ dev v7 against ⬢ stage-a v3\n\nFiles\n  ~ web.js');
  expect(stdout).toContain('=== ⬢ stage-b runs what ⬢ dev runs');
  expect(stdout).not.toContain('STAGE');
});
