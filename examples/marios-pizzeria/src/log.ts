import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { Config } from './config.js';

export type Logger = FastifyBaseLogger;

/** One JSON line per event to stdout, unbuffered. Where the lines go from there is the platform's business. */
export function createLog(config: Pick<Config, 'logLevel' | 'dyno' | 'release'>): Logger {
  const { logLevel, dyno, release } = config;
  const formatters = { level: (level: string) => ({ level }) };
  return pino(
    { level: logLevel, base: { dyno, release }, formatters },
    pino.destination({ dest: 1, sync: true }),
  );
}
