import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exportLines, herokuEnvironment } from '../../../../cli/heroku/environment.js';

const home = {
  origin: 'http://127.0.0.1:4270',
  token: 'tfk_secret',
  bundlePath: '/home/tls/bundle.crt',
  authorityPath: "/it's a home/tls/ca.crt",
};

describe("the environment of Heroku's CLI", () => {
  it('spells the host as the CLI takes it, and points every host that gets the token home', () => {
    expect(herokuEnvironment(home, {})).toMatchObject({
      HEROKU_HOST: 'http://127.0.0.1:4270',
      HEROKU_API_KEY: 'tfk_secret',
      HEROKU_PARTICLEBOARD_URL: 'http://127.0.0.1:4270',
      HEROKU_DATA_HOST: '127.0.0.1',
      HEROKU_GIT_HOST: '127.0.0.1:4270',
      HEROKU_EXEC_URL: 'https://127.0.0.1:4270/',
      HEROKU_LOGIN_HOST: 'http://127.0.0.1:4270',
      HEROKU_BUILDPACK_REGISTRY_URL: 'http://127.0.0.1:4270',
      NODE_EXTRA_CA_CERTS: '/home/tls/bundle.crt',
      NO_PROXY: '127.0.0.1,localhost',
    });
  });

  it('keeps the hosts that went around the proxy before', () => {
    expect(herokuEnvironment(home, { no_proxy: '.corp, 127.0.0.1' })).toMatchObject({
      NO_PROXY: '.corp,127.0.0.1,localhost',
      no_proxy: '.corp,127.0.0.1,localhost',
    });
  });

  it("puts git's setting behind those that are there, and is the same when it is made again", () => {
    const given = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Ada' };
    const made = herokuEnvironment(home, given);
    expect(made).toMatchObject({
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_1: 'http.https://127.0.0.1:4270/.sslCAInfo',
      GIT_CONFIG_VALUE_1: home.authorityPath,
    });
    expect(herokuEnvironment(home, { ...given, ...made })).toEqual(made);
  });

  it('is read by a shell as it is meant, whatever is in it', () => {
    const lines = exportLines({ A: `it's "$HOME" \`id\` \\`, B: 'two\nlines' }, 'sh');
    const { stdout } = spawnSync('sh', ['-c', `${lines.join('\n')}\nprintf '%s|%s' "$A" "$B"`], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(`it's "$HOME" \`id\` \\|two\nlines`);
    expect(exportLines({ A: `it's \\` }, 'fish')).toEqual([`set -gx A 'it\\'s \\\\'`]);
  });
});
