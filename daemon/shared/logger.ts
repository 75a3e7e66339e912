import { pino, type Logger } from 'pino';

export type { Logger };

/**
 * The daemon's own log: JSON lines on stderr, one child per part with fixed fields (`app`, `dyno`, `release`, `build`).
 * Config values and tokens are never handed to it; the paths below are the second fence.
 */
export function createLogger(level: string, part: string): Logger {
  const destination = pino.destination({ dest: 2, sync: true });
  // A full disk under the log costs lines; it must not end the process.
  destination.on('error', () => undefined);
  return pino(
    {
      level,
      base: { part, pid: process.pid },
      redact: ['*.env', '*.config', '*.token', '*.password', '*.authorization'],
    },
    destination,
  );
}
