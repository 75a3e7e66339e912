/** Where a tfkd answers Heroku's clients, and what they need to be let in. */
export interface Home {
  /** `http://127.0.0.1:4270`, spelled like that: with other spellings Heroku's CLI sends the token to api.heroku.com. */
  readonly origin: string;
  readonly token: string;
  /** File with the certificate of the local authority, and with what the user's Node trusted besides. */
  readonly bundlePath: string;
  /** File with the certificate of the local authority alone. */
  readonly authorityPath: string;
}

export type Variables = Readonly<Record<string, string>>;

/**
 * What leads Heroku's CLI and git to this tfkd, and to no other host: every service that the CLI can be pointed to. What
 * `given` has besides stays as it is: proxies, and git's settings from the environment.
 */
export function herokuEnvironment(home: Home, given: Readonly<NodeJS.ProcessEnv>): Variables {
  const { origin, token } = home;
  const { host, hostname } = new URL(origin);
  return {
    HEROKU_HOST: origin,
    HEROKU_API_KEY: token,
    HEROKU_GIT_HOST: host,
    // These get the same token as the API.
    HEROKU_PARTICLEBOARD_URL: origin,
    HEROKU_DATA_HOST: hostname,
    HEROKU_EXEC_URL: `https://${host}/`,
    HEROKU_LOGIN_HOST: origin,
    HEROKU_BUILDPACK_REGISTRY_URL: origin,
    // These tell others what is typed here, or replace the CLI in the background.
    DISABLE_TELEMETRY: 'true',
    HEROKU_SKIP_ANALYTICS: '1',
    HEROKU_DISABLE_AUTOUPDATE: '1',
    HEROKU_SKIP_NEW_VERSION_CHECK: 'true',
    NODE_EXTRA_CA_CERTS: home.bundlePath,
    ...withoutProxy(given),
    ...gitTrusts(`https://${host}/`, home.authorityPath, given),
  };
}

/** Both spellings, since programs read the one or the other. */
function withoutProxy(given: Readonly<NodeJS.ProcessEnv>): Variables {
  const known = (given['NO_PROXY'] ?? given['no_proxy'] ?? '').split(',').map((host) => host.trim());
  const hosts = [...new Set([...known, '127.0.0.1', 'localhost'])].filter((host) => host !== '').join(',');
  return { NO_PROXY: hosts, no_proxy: hosts };
}

/** A setting of git for these processes only (`GIT_CONFIG_COUNT`, git 2.31), behind those that are there already. */
function gitTrusts(url: string, path: string, given: Readonly<NodeJS.ProcessEnv>): Variables {
  const key = `http.${url}.sslCAInfo`;
  const count = /^\d{1,4}$/.test(given['GIT_CONFIG_COUNT'] ?? '') ? Number(given['GIT_CONFIG_COUNT']) : 0;
  const own = Array.from({ length: count }, (_, index) => index).find(
    (index) => given[`GIT_CONFIG_KEY_${index}`] === key,
  );
  const place = own ?? count;
  return {
    GIT_CONFIG_COUNT: String(Math.max(count, place + 1)),
    [`GIT_CONFIG_KEY_${place}`]: key,
    [`GIT_CONFIG_VALUE_${place}`]: path,
  };
}

export type Shell = 'sh' | 'fish';

/** A line for each variable, for the shell to evaluate. */
export function exportLines(variables: Variables, shell: Shell): string[] {
  return Object.entries(variables).map(([name, value]) =>
    shell === 'fish'
      ? `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`
      : `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  );
}
