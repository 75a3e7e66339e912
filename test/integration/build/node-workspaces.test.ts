import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import { readConfig } from '../../../daemon/config.js';
import { ProcessBuilder } from '../../../daemon/engines/process/build/process-builder.js';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { theseToolchains } from '../../support/toolchains.js';
import { aRequest, aSource, tempFolder, writeFiles } from './support.js';
import { BUN, NPM, PNPM, YARN_1, YARN_4 } from './workspace-locks.js';

const aBuilder = () =>
  new ProcessBuilder({
    home: tempFolder(),
    path: '/usr/local/bin:/usr/bin:/bin',
    processes: new Processes(),
    toolchains: theseToolchains(),
    logger: createLogger('silent', 'test'),
  });

async function push(builder: ProcessBuilder, folder: string) {
  const source = sourceTree(folder);
  const context = { config: {}, images: false };
  const plan = choosePlanner(source, context).plan(source, context);
  const limits = { timeoutMs: 120_000, slugBytes: 1e9, outputBytes: 1e8 };
  const request = aRequest(folder, { plan, env: readConfig().buildEnv, limits });
  const result = await builder.build(request);
  if (!result.ok) throw new Error(`${result.message}\n${result.hint ?? ''}\n${request.output.text}`);
  return { artifact: result.artifact, said: request.output.text, plan };
}

/** The root builds; `web` needs a package beside it, and another version of what a tool of the root needs. */
const source = (greet: string, files: Readonly<Record<string, unknown>>) =>
  aSource({
    'package.json': {
      name: 'shop',
      private: true,
      workspaces: ['packages/*'],
      scripts: { build: 'node build.js', start: 'node packages/web/server.js' },
      devDependencies: { 'is-odd': '0.1.0' },
    },
    'build.js': `require('fs').writeFileSync('packages/web/built.txt', String(require('is-odd')(3)));`,
    'packages/web/package.json': {
      name: 'web',
      version: '1.0.0',
      dependencies: { greet, 'is-number': '7.0.0' },
    },
    'packages/web/server.js': `const built = require('fs').readFileSync(__dirname + '/built.txt', 'utf8');
      console.log(require('greet'), require('is-number/package.json').version, built);`,
    'packages/greet/package.json': { name: 'greet', version: '1.0.0' },
    'packages/greet/index.js': `module.exports = 'hello';`,
    ...files,
  });

/** The second push of a source with one changed line, and what its dyno prints. */
async function changed(greet: string, files: Readonly<Record<string, unknown>>) {
  const builder = aBuilder();
  const folder = source(greet, files);
  await push(builder, folder);
  writeFiles(folder, { 'packages/greet/index.js': `module.exports = 'hello again';` });
  const { artifact, said, plan } = await push(builder, folder);
  const dyno = join(tempFolder(), 'dyno');
  await builder.materialise(artifact, dyno);
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ...plan.launchEnv };
  return {
    cached: said.match(/taken from the cache/g)?.length,
    printed: execFileSync('npm', ['start', '--silent'], { cwd: dyno, env, encoding: 'utf8' }),
    pruned: !existsSync(join(dyno, 'node_modules/is-odd')),
  };
}

test('workspaces are installed once, built, pruned, and find each other in dynos, by every tool', async () => {
  const pnpm = { 'pnpm-lock.yaml': PNPM, 'pnpm-workspace.yaml': 'packages:\n  - packages/*\n' };
  // Side by side: what they wait for is the network.
  const [ofNpm, ofYarn1, ofYarn4, ofPnpm, ofBun] = await Promise.all([
    changed('1.0.0', { 'package-lock.json': NPM }),
    changed('1.0.0', { 'yarn.lock': YARN_1 }),
    changed('workspace:*', { 'yarn.lock': YARN_4 }),
    changed('workspace:*', pnpm),
    changed('workspace:*', { 'bun.lock': BUN }),
  ]);
  const right = { cached: 2, printed: 'hello again 7.0.0 true\n', pruned: true };
  expect({ ofNpm, ofYarn1, ofYarn4, ofPnpm, ofBun }).toEqual({
    ofNpm: right,
    ofYarn1: right,
    ofYarn4: right,
    ofPnpm: right,
    ofBun: right,
  });
}, 240_000);
