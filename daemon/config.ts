import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Language } from '../buildpacks/plan.js';
import { TfkError } from './shared/errors.js';

/** All settings of tfkd, read once. docs/configuration.md lists the variables; a test compares the two. */
export interface Config {
  readonly version: string;
  /** `$TFK_HOME`, absolute. */
  readonly home: string;
  /** 12 hex digits that stay the same for this home on this machine, and that no other has: what an engine's things are labelled with. */
  readonly homeId: string;
  /** The engine of new apps; null: docker where it answers, else process. */
  readonly engine: EngineWish | null;
  /** How Docker is found, in Docker's own variables. */
  readonly docker: Readonly<Record<string, string>>;
  /** Images that apps are built on, by the language of their runtime; null: the engine's choice. */
  readonly baseImages: Readonly<Record<Language, string | null>>;
  /** Where the embedded engine looks for languages: folders of the PATH, and what version managers are told. */
  readonly toolchains: { readonly path: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /**
   * Where dynos and database servers live, which run as users of their own when tfkd is root: those cannot reach into a home
   * of mode 0700. The home itself when tfkd is not root.
   */
  readonly systemDir: string;
  /** The home folder of the user who runs tfkd: npm reads its settings there. */
  readonly userHome: string;
  /** 0 takes a free port. */
  readonly apiPort: number;
  /** Requests that one token may make over TCP within an hour; null: any number. */
  readonly apiRateLimit: number | null;
  readonly routerPort: number;
  /** Null: no TLS. `mayDiffer`: where the port is taken, a free one will do. */
  readonly routerTls: { readonly port: number; readonly mayDiffer: boolean } | null;
  readonly routerWorkers: number;
  readonly logLevel: string;
  /** The account's e-mail address, used when the home is new. */
  readonly email: string;
  readonly logBudgetBytes: number;
  /** How many backups of each origin a database keeps. */
  readonly backupsKept: number;
  readonly timeouts: Timeouts;
  /** Folder with the host's own PostgreSQL programs; null: npm's. */
  readonly postgresBin: string | null;
  /** The image of databases on Docker; null: the add-on's choice. */
  readonly postgresImage: string | null;
  /** Folder with the host's own Redis or Valkey; null: the PATH has it. */
  readonly redisBin: string | null;
  /** The image of Redis on Docker; null: the add-on's choice. */
  readonly redisImage: string | null;
  /** Where manifests of further add-ons are. */
  readonly addonsDir: string;
  readonly nodePath: string;
  readonly npmPath: string;
  /** CA bundle and proxy settings of the host: for builds, and only there. */
  readonly buildEnv: Readonly<Record<string, string>>;
  /** Programs that tfkd starts, as compiled beside it. */
  readonly programs: {
    readonly router: string;
    readonly unpack: string;
    readonly readSource: string;
    readonly pushHook: string;
  };
}

/** How long things may take, milliseconds. */
export interface Timeouts {
  /** All steps of one build together. */
  readonly buildMs: number;
  /** From the start of a web dyno until it is ready. */
  readonly bootMs: number;
  /** From a dyno's SIGTERM to its SIGKILL. */
  readonly exitMs: number;
  /** A release command. */
  readonly releaseMs: number;
}

export type EngineWish = 'docker' | 'process';

type Environment = Readonly<Record<string, string | undefined>>;

export function readConfig(env: Environment = process.env): Config {
  const home = resolve(env['TFK_HOME'] ?? join(homedir(), '.tfk'));
  const here = dirname(fileURLToPath(import.meta.url));
  return Object.freeze({
    version: VERSION,
    home,
    homeId: homeIdOf(home),
    engine: engineOf(env),
    docker: Object.freeze(pick(env, DOCKER_VARIABLES)),
    baseImages: {
      node: textOf(env, 'TFK_BASE_IMAGE_NODE'),
      python: textOf(env, 'TFK_BASE_IMAGE_PYTHON'),
      go: textOf(env, 'TFK_BASE_IMAGE_GO'),
      java: textOf(env, 'TFK_BASE_IMAGE_JAVA'),
      jre: textOf(env, 'TFK_BASE_IMAGE_JRE'),
      rust: textOf(env, 'TFK_BASE_IMAGE_RUST'),
      system: textOf(env, 'TFK_BASE_IMAGE_SYSTEM'),
      heroku: textOf(env, 'TFK_BASE_IMAGE_HEROKU'),
      'heroku-build': textOf(env, 'TFK_BASE_IMAGE_BUILDPACK'),
      none: textOf(env, 'TFK_BASE_IMAGE_PROCFILE'),
    },
    toolchains: {
      path: (env['PATH'] ?? '').split(delimiter).filter(isAbsolute),
      env: Object.freeze(pick(env, TOOLCHAIN_VARIABLES)),
    },
    systemDir: resolve(env['TFK_SYSTEM_DIR'] ?? defaultSystemDir(home)),
    userHome: homedir(),
    apiPort: portOf(env, 'TFK_API_PORT', 4270),
    apiRateLimit: rateLimitOf(env),
    routerPort: portOf(env, 'TFK_ROUTER_PORT', 8080),
    routerTls: routerTlsOf(env),
    routerWorkers: wholeOf(env, 'TFK_ROUTER_WORKERS', 2, { least: 1, most: 64 }),
    logLevel: env['TFK_LOG_LEVEL'] ?? 'info',
    email:
      env['TFK_EMAIL'] ?? `${userInfo().username}@${hostname().includes('.') ? hostname() : 'localhost'}`,
    logBudgetBytes: wholeOf(env, 'TFK_LOG_BUDGET_MB', 256, { least: 1, most: 1_000_000 }) * 1024 * 1024,
    backupsKept: wholeOf(env, 'TFK_BACKUPS_KEPT', 7, { least: 1, most: 1_000 }),
    timeouts: {
      buildMs: secondsOf(env, 'TFK_BUILD_TIMEOUT_S', 15 * 60),
      bootMs: secondsOf(env, 'TFK_BOOT_TIMEOUT_S', 60),
      exitMs: secondsOf(env, 'TFK_EXIT_TIMEOUT_S', 30),
      releaseMs: secondsOf(env, 'TFK_RELEASE_TIMEOUT_S', 60 * 60),
    },
    postgresBin: textOf(env, 'TFK_POSTGRES_BIN'),
    postgresImage: textOf(env, 'TFK_ADDON_POSTGRES_IMAGE'),
    redisBin: textOf(env, 'TFK_REDIS_BIN'),
    redisImage: textOf(env, 'TFK_ADDON_REDIS_IMAGE'),
    addonsDir: resolve(env['TFK_ADDONS_DIR'] ?? join(home, 'addons.d')),
    nodePath: process.execPath,
    npmPath: npmOf(process.execPath),
    buildEnv: Object.freeze({ ...certificatesOf(env), ...pick(env, BUILD_VARIABLES) }),
    programs: {
      router: join(here, 'router', 'main.js'),
      unpack: join(here, 'build', 'unpack', 'main.js'),
      readSource: join(here, 'build', 'reading', 'main.js'),
      pushHook: join(here, 'git', 'hook', 'main.js'),
    },
  });
}

const VERSION = '0.1.0';

/** Where the tools of each language look for certificates, if not where OpenSSL says. */
const CERTIFICATE_VARIABLES = [
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
] as const;

const BUILD_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'npm_config_registry',
  'NPM_CONFIG_REGISTRY',
  'npm_config_cafile',
  'NPM_CONFIG_CAFILE',
  ...CERTIFICATE_VARIABLES,
  'PIP_INDEX_URL',
  'PIP_EXTRA_INDEX_URL',
  'PIP_DEFAULT_TIMEOUT',
  'UV_DEFAULT_INDEX',
  'UV_INDEX',
  'GOPROXY',
  'GOSUMDB',
  'GONOSUMDB',
] as const;

/** By which people say where their languages are. */
const TOOLCHAIN_VARIABLES = ['CARGO_HOME', 'JAVA_HOME', 'NVM_DIR', 'PYENV_ROOT', 'RUSTUP_HOME'] as const;

const DOCKER_VARIABLES = [
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'XDG_RUNTIME_DIR',
] as const;

function engineOf(env: Environment): EngineWish | null {
  const wish = env['TFK_ENGINE'] ?? '';
  if (wish === '') return null;
  if (wish === 'docker' || wish === 'process') return wish;
  throw new TfkError('invalid_params', `TFK_ENGINE=${wish}: this tfk has no such engine.`, {
    hint: 'Say TFK_ENGINE=docker or TFK_ENGINE=process, or leave it out: docker is taken where it answers.',
  });
}

/** Two machines that share a remote engine may have homes of the same path. */
function homeIdOf(home: string): string {
  const machine = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : hostname();
  return createHash('sha256').update(`${machine}\0${home}`).digest('hex').slice(0, 12);
}

/** SSL_CERT_FILE by the names that tools have for it which do not read that. */
function certificatesOf(env: Environment): Record<string, string> {
  const bundle = env['SSL_CERT_FILE'];
  return bundle === undefined ? {} : Object.fromEntries(CERTIFICATE_VARIABLES.map((name) => [name, bundle]));
}

function pick(env: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

function defaultSystemDir(home: string): string {
  if (process.getuid?.() !== 0) return home;
  return join('/var/lib/tfk', createHash('sha256').update(home).digest('hex').slice(0, 12));
}

/** The npm that came with this Node, else the one on the PATH. */
function npmOf(nodePath: string): string {
  const beside = join(dirname(nodePath), 'npm');
  return existsSync(beside) ? beside : 'npm';
}

/** Null where it is not set, or set to nothing. */
const textOf = (env: Environment, name: string): string | null => env[name] || null;

/** Nobody chose 8443: many a machine has something there already, and starts tfkd all the same. */
function routerTlsOf(env: Environment): Config['routerTls'] {
  const wish = env['TFK_ROUTER_TLS_PORT'] ?? '';
  if (wish === 'off') return null;
  return { port: portOf(env, 'TFK_ROUTER_TLS_PORT', 8443), mayDiffer: wish === '' };
}

/** By default Heroku's: what was written for Heroku keeps below it. */
function rateLimitOf(env: Environment): number | null {
  if (env['TFK_API_RATE_LIMIT'] === 'off') return null;
  return wholeOf(env, 'TFK_API_RATE_LIMIT', 4_500, { least: 1, most: 1_000_000 });
}

const portOf = (env: Environment, name: string, fallback: number): number =>
  wholeOf(env, name, fallback, { least: 0, most: 65_535 });

/** A setting in seconds, up to a day; answers milliseconds. */
const secondsOf = (env: Environment, name: string, fallback: number): number =>
  wholeOf(env, name, fallback, { least: 1, most: 86_400 }) * 1000;

function wholeOf(
  env: Environment,
  name: string,
  fallback: number,
  range: { least: number; most: number },
): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.least && value <= range.most) return value;
  throw new TfkError(
    'invalid_params',
    `${name}=${text} is not a whole number from ${range.least} to ${range.most}.`,
  );
}
