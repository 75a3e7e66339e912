/** All that differs between one deploy and the next. The only file that reads the environment. */
export interface Config {
  /** `memory:`, `postgres://…` or `mongodb://…`. */
  readonly storeUrl: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly poolSize: number;
  /** How long a connection or a query may take. */
  readonly storeTimeoutMs: number;
  /** How long a pizza is in the oven. */
  readonly bakingMs: number;
  /** How often an idle worker looks for events where nobody wakes it. */
  readonly workerPollMs: number;
  readonly schedulerIntervalMs: number;
  readonly lateAfterMinutes: number;
  readonly production: boolean;
  /** `web.1`: which process of the formation this is. */
  readonly dyno: string;
  /** `v12`: which release this is. */
  readonly release: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const STORES = ['memory:', 'postgres:', 'postgresql:', 'mongodb:', 'mongodb+srv:'];

/** Throws one error that lists everything that is wrong. Never prints a value: it may be a password. */
export function configFrom(environment: Environment): Config {
  const problems: string[] = [];
  const wholeNumber = (name: string, fallback: number, [least, most]: readonly [number, number]) => {
    const text = environment[name] ?? String(fallback);
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    problems.push(`${name} must be a whole number from ${least} to ${most}`);
    return fallback;
  };
  const config: Config = {
    storeUrl: environment['STORE_URL'] ?? environment['DATABASE_URL'] ?? environment['MONGODB_URL'] ?? '',
    host: environment['HOST'] ?? '0.0.0.0',
    port: wholeNumber('PORT', 3000, [0, 65_535]),
    logLevel: environment['LOG_LEVEL'] ?? 'info',
    poolSize: wholeNumber('STORE_POOL_SIZE', 5, [2, 100]),
    storeTimeoutMs: wholeNumber('STORE_TIMEOUT_MS', 5000, [100, 60_000]),
    bakingMs: wholeNumber('BAKING_MS', 500, [0, 20_000]),
    workerPollMs: wholeNumber('WORKER_POLL_MS', 1000, [10, 600_000]),
    schedulerIntervalMs: wholeNumber('SCHEDULER_INTERVAL_MS', 10_000, [10, 3_600_000]),
    lateAfterMinutes: wholeNumber('LATE_AFTER_MINUTES', 30, [0, 1440]),
    production: environment['NODE_ENV'] === 'production',
    dyno: environment['DYNO'] ?? 'local',
    release: environment['TFK_RELEASE_VERSION'] ?? environment['HEROKU_RELEASE_VERSION'] ?? 'dev',
  };
  if (config.storeUrl === '')
    problems.push('DATABASE_URL is missing (tfk addons:create postgres sets it; memory: is for a try)');
  else if (!URL.canParse(config.storeUrl) || !STORES.includes(new URL(config.storeUrl).protocol))
    problems.push('the URL of the store must begin with postgres://, mongodb:// or memory:');
  if (!LOG_LEVELS.includes(config.logLevel))
    problems.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
  if (problems.length > 0)
    throw new Error(`The environment is not right:\n${problems.map((text) => `  - ${text}\n`).join('')}`);
  return config;
}

/** For the start of a process: says what is wrong and ends, before anything else has begun. */
export function configOrExit(): Config {
  try {
    return configFrom(process.env);
  } catch (error) {
    process.stderr.write(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
