import { expect, test } from 'vitest';
import { anyVersionOf, planOn, type BuildPlan, type BuildStep } from '../../../buildpacks/plan.js';
import { aRequest, aSource, writeFiles } from '../../integration/build/support.js';
import { describeDocker } from '../../support/docker.js';
import { aHome, artifactOf, expectNothingRunning } from './support.js';

const IMAGES = {
  python: 'python:3.11-slim-bookworm',
  system: 'debian:bookworm-slim',
  node: 'node:20-slim',
};

const step = (name: string, rest: Partial<BuildStep>): BuildStep => ({
  name,
  title: name,
  inputs: 'source',
  commands: [['true']],
  env: {},
  caches: {},
  layers: [],
  ...rest,
});

/** The second folder links out of itself, as those of workspaces do. */
const INSTALL = `
  fs.mkdirSync('lib');
  fs.writeFileSync('lib/made', fs.readFileSync('lock'));
  fs.mkdirSync('a/modules', { recursive: true });
  fs.symlinkSync('../../lib', 'a/modules/lib');
`;

/** Node.js makes layers, Python a file of the source, and dynos need neither. */
const PLAN: BuildPlan = {
  ...planOn(anyVersionOf('python')),
  planner: 'test',
  label: 'Test',
  tools: [anyVersionOf('node')],
  launchRuntime: anyVersionOf('system'),
  steps: [
    step('install', {
      inputs: ['lock'],
      layers: ['lib', 'a/modules'],
      commands: [['node', '-e', INSTALL]],
    }),
    step('build', {
      commands: [['python3', '-c', 'import os; open("said", "w").write(os.environ["GREETING"])']],
    }),
  ],
  buildConfig: ['GREETING'],
};

const LOOK =
  'cat a/modules/lib/made said; for name in python3 node; do command -v $name || echo "no $name"; done';

await describeDocker('A plan of several languages on Docker', (engine) => {
  test('builds on one image with the tools of another, and runs on a third', async () => {
    const home = aHome(engine);
    const builder = home.open({ baseImages: IMAGES });
    const source = aSource({ lock: 'one ' });
    const request = (config: Record<string, string>) => aRequest(source, { plan: PLAN, config });

    const first = request({ GREETING: 'hello\n' });
    const artifact = artifactOf(await builder.build(first));
    expect(first.output.text).toMatch(/With the tools of the image node:20-slim/);
    const seen = await home.inSlug(artifact, LOOK);
    // Node.js is a tool of its dynos as well; the compiler's image is not theirs.
    expect(seen.split('\n')).toEqual(['one hello', 'no python3', '/usr/local/bin/node', '']);

    writeFiles(source, { other: 'changed' });
    const second = request({ GREETING: 'hello\n' });
    expect(artifactOf(await builder.build(second)).id).not.toBe(artifact.id);
    expect(second.output.text).toMatch(/taken from the cache/);

    const third = artifactOf(await builder.build(request({ GREETING: 'bye\n' })));
    expect(await home.inSlug(third, 'cat said')).toBe('bye\n');
    await expectNothingRunning(home);
  });

  test('says which language cannot be added to another', async () => {
    const plan = { ...PLAN, runtime: anyVersionOf('node'), tools: [anyVersionOf('python')] };
    const builder = aHome(engine).open({ baseImages: IMAGES });
    const result = await builder.build(aRequest(aSource({ lock: '1' }), { plan, config: { GREETING: '' } }));
    expect(result).toMatchObject({ ok: false, reason: 'runtime' });
    expect(result.ok ? '' : result.message).toMatch(/python cannot be added to another image/);
  });
});
