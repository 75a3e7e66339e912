import { createHash } from 'node:crypto';
import type { LogLine } from '../logs/entry.js';
import { formatTime } from '../logs/format.js';

/**
 * Lines as Logplex frames them (its source, `logplex_syslog_utils.erl` and `logplex_http_drain.erl`): octet counting
 * (RFC 6587 §3.4.1) of messages in the form of RFC 5424. Each ends in a line feed, which the count includes.
 *
 *     syslog: 99 <190>1 2026-08-01T10:00:00.123456+00:00 d.<uuid> app web.1 - - hello
 *     http:   63 <190>1 2026-08-01T10:00:00.123456+00:00 host app web.1 - hello
 *
 * Over HTTP the host is the word "host" (the token stands in a header), and the structured data is missing.
 */
export type Framing = 'syslog' | 'http';

type FramedLine = Pick<LogLine, 'time' | 'source' | 'dyno' | 'text'>;

/** Facility × 8 + severity (RFC 5424 §6.2.1). Heroku uses local0, local3, local7, and Logplex local5 for its own. */
const PRIORITY = { platform: 134, router: 158, logplex: 172, dyno: 190 } as const;

export function frameOf(line: FramedLine, framing: Framing, token: string): string {
  const header = `<${priorityOf(line)}>1 ${formatTime(line.time)}`;
  const message =
    framing === 'syslog'
      ? `${header} ${token} ${line.source} ${line.dyno} - - ${line.text}\n`
      : `${header} host ${line.source} ${line.dyno} - ${line.text}\n`;
  return `${Buffer.byteLength(message)} ${message}`;
}

/** The same for the same lines, so that a receiver knows a batch that it gets again. 32 hexadecimal digits, as Logplex's. */
export function frameIdOf(token: string, first: number, last: number, dropped: number): string {
  return createHash('md5').update(`${token} ${first} ${last} ${dropped}`).digest('hex').toUpperCase();
}

function priorityOf({ source, dyno }: FramedLine): number {
  if (source === 'app') return dyno === 'api' ? PRIORITY.platform : PRIORITY.dyno;
  if (dyno === 'router') return PRIORITY.router;
  return dyno === 'logplex' ? PRIORITY.logplex : PRIORITY.platform;
}
