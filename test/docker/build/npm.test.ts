import { expect, test } from 'vitest';
import { aRequest, aSource, writeFiles } from '../../integration/build/support.js';
import { describeDocker } from '../../support/docker.js';
import { aHome, artifactOf } from './support.js';

/** As tfkd's config picks them: what npm needs here to reach its registry. */
const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];
const hostEnv = (): Record<string, string> =>
  Object.fromEntries(VARIABLES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

await describeDocker('npm on Docker', (engine) => {
  test('installs what package.json names, once, and prunes what only the build needs', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const source = aSource({
      'package.json': {
        name: 'app',
        version: '1.0.0',
        dependencies: { ms: '2.1.3' },
        devDependencies: { semver: '7.6.3' },
        scripts: { build: 'node build.js', start: 'node server.js' },
      },
      'build.js': `require('fs').writeFileSync('built.txt', String(require('ms')('1d') + require('semver').major('7.6.3')))`,
      'server.js': 'one',
    });
    const first = aRequest(source, { env: hostEnv(), limits: LIMITS });
    const artifact = artifactOf(await builder.build(first));
    expect(await home.inSlug(artifact, 'cat built.txt; ls node_modules')).toBe('86400007ms\n');
    expect(await home.inSlug(artifact, 'ls package-lock.json')).toContain('No such file');
    writeFiles(source, { 'server.js': 'two' });
    const second = aRequest(source, { env: hostEnv(), limits: LIMITS });
    artifactOf(await builder.build(second));
    expect(second.output.text).not.toContain('added');
    expect(second.output.text.match(/taken from the cache/g)).toHaveLength(2);
  });

  test('installs a dependency that lies in the source', async () => {
    const home = aHome(engine);
    const source = aSource({
      'package.json': { name: 'app', version: '1.0.0', dependencies: { near: 'file:./near' } },
      'near/package.json': { name: 'near', version: '1.0.0', main: 'i.js' },
      'near/i.js': 'module.exports = "near"',
      'server.js': '',
    });
    const artifact = artifactOf(await home.open().build(aRequest(source, { env: hostEnv() })));
    expect(await home.inSlug(artifact, `node -p 'require("near")'`)).toBe('near\n');
  });
});

const LIMITS = { timeoutMs: 150_000, slugBytes: 1e9, outputBytes: 1e8 };
