/** All that differs between one deploy and the next. The only file that reads the environment. */
export interface Config {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly poolSize: number;
  /** How long a connection, a query or a health check may take. */
  readonly databaseTimeoutMs: number;
  /** How often an idle worker looks for new messages. */
  readonly workerPollMs: number;
  readonly clockIntervalMs: number;
  /** How long sent messages are kept. */
  readonly outboxDays: number;
  /** `web.1`: which process of the formation this is. */
  readonly dyno: string;
  /** `v12`: which release this is. */
  readonly release: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

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
    databaseUrl: environment['DATABASE_URL'] ?? '',
    host: environment['HOST'] ?? '0.0.0.0',
    port: wholeNumber('PORT', 3000, [0, 65_535]),
    logLevel: environment['LOG_LEVEL'] ?? 'info',
    poolSize: wholeNumber('DATABASE_POOL_SIZE', 5, [1, 100]),
    databaseTimeoutMs: wholeNumber('DATABASE_TIMEOUT_MS', 5000, [100, 60_000]),
    workerPollMs: wholeNumber('WORKER_POLL_MS', 1000, [10, 600_000]),
    clockIntervalMs: wholeNumber('CLOCK_INTERVAL_MS', 60_000, [10, 86_400_000]),
    outboxDays: wholeNumber('OUTBOX_DAYS', 30, [0, 3650]),
    dyno: environment['DYNO'] ?? 'local',
    release: environment['TFK_RELEASE_VERSION'] ?? environment['HEROKU_RELEASE_VERSION'] ?? 'dev',
  };
  if (config.databaseUrl === '')
    problems.push('DATABASE_URL is missing (tfk addons:create postgres sets it)');
  else if (!isPostgresUrl(config.databaseUrl))
    problems.push('DATABASE_URL must be like postgres://user:password@host:5432/name');
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

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);
}
