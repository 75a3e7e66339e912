import { describe, expect, it } from 'vitest';
import { readConfig as readCliConfig } from '../../../cli/config.js';
import { readConfig as readDaemonConfig } from '../../../daemon/config.js';
import { readConfig as readRouterConfig } from '../../../daemon/router/config.js';
import { codeRows, filesOf, section, textOf } from './support.js';

const page = textOf('docs/configuration.md');
const settings = page.slice(0, page.indexOf('## What a dyno is given'));
const documented = codeRows(settings).map(([name]) => name ?? '');

/** Which variables the code asks for while it reads its settings. */
function asked(read: (env: NodeJS.ProcessEnv) => unknown, given: NodeJS.ProcessEnv = {}): string[] {
  const names = new Set<string>();
  read(
    new Proxy(given, {
      get: (target, name) => {
        names.add(String(name));
        return Reflect.get(target, name) as unknown;
      },
    }),
  );
  return [...names];
}

/** Which variables the files that may read the environment name. */
function named(): string[] {
  const configs = ['api', 'buildpacks', 'cli', 'daemon']
    .flatMap((folder) => filesOf(folder, 'config.ts'))
    .filter((path) => path.endsWith('/config.ts'));
  return [...configs, 'cli/main.ts'].flatMap((path) =>
    [...textOf(path).matchAll(/\benv(?:\.|\[')([A-Za-z_]+)'?\]?/g)].map((match) => match[1] ?? ''),
  );
}

const read = new Set([
  ...asked(readDaemonConfig),
  ...asked((env) => readRouterConfig(['--home', '/home'], env)),
  ...asked((env) => readCliConfig(env, '/', '/home'), { TFK_URL: 'http://127.0.0.1:4270' }),
  ...named(),
]);

describe('docs/configuration.md', () => {
  it('lists every variable that is read, and no other', () => {
    expect([...documented].sort()).toEqual([...read].sort());
  });

  it('lists each once', () => {
    expect(documented).toEqual([...new Set(documented)]);
  });

  it('tells the defaults that the code has', () => {
    const { apiPort, routerPort, routerWorkers, logLevel, logBudgetBytes, timeouts } = readDaemonConfig({});
    const defaults = Object.fromEntries(codeRows(settings).map(([name = '', text = '']) => [name, text]));
    expect(defaults).toMatchObject({
      TFK_API_PORT: `\`${apiPort}\``,
      TFK_ROUTER_PORT: `\`${routerPort}\``,
      TFK_ROUTER_WORKERS: `\`${routerWorkers}\``,
      TFK_LOG_LEVEL: `\`${logLevel}\``,
      TFK_LOG_BUDGET_MB: `\`${logBudgetBytes / 1024 / 1024}\``,
      TFK_BUILD_TIMEOUT_S: `\`${timeouts.buildMs / 1000}\``,
      TFK_RELEASE_TIMEOUT_S: `\`${timeouts.releaseMs / 1000}\``,
      TFK_BOOT_TIMEOUT_S: `\`${timeouts.bootMs / 1000}\``,
      TFK_EXIT_TIMEOUT_S: `\`${timeouts.exitMs / 1000}\``,
    });
  });

  it('names no variable elsewhere in the text that it does not list', () => {
    const dynos = section(page, '## What a dyno is given').match(/TFK_[A-Z_]+/g) ?? [];
    const known = new Set([...documented, ...dynos]);
    expect((page.match(/TFK_[A-Z_]+/g) ?? []).filter((name) => !known.has(name))).toEqual([]);
  });
});
