import type { Entrance } from './context.js';
import type { Failure } from './failures.js';

/** What the log tells of one request. */
export interface AccessRecord {
  readonly protocol: Entrance['protocol'];
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly requestId: string;
  /** The X-Forwarded-For handed to the dyno. */
  readonly fwd: string;
  /** `web.1`; undefined when none was reached. */
  readonly dyno: string | undefined;
  /** Milliseconds; undefined when there was no connection. */
  readonly connectMs: number | undefined;
  readonly serviceMs: number | undefined;
  /** Undefined when nothing was answered on purpose (H24). */
  readonly status: number | undefined;
  readonly bytes: number | undefined;
  readonly failure: Failure | undefined;
}

const UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;
const UNSAFE_BARE = /[^\x21\x23-\x5b\x5d-\x7e]/g;

/** Heroku's router line. Nothing a client sends can end the line, leave its quotes or reach a terminal as a control byte. */
export function accessText(record: AccessRecord): string {
  const dyno = record.dyno ?? '';
  return (
    `${outcome(record.failure)} method=${bare(record.method)} path="${quoted(record.path)}" host=${bare(record.host)}` +
    ` request_id=${bare(record.requestId)} fwd="${quoted(record.fwd)}" dyno=${bare(dyno)}` +
    ` connect=${milliseconds(record.connectMs)} service=${milliseconds(record.serviceMs)}` +
    ` status=${record.status ?? ''} bytes=${record.bytes ?? ''} protocol=${record.protocol}`
  );
}

function outcome(failure: Failure | undefined): string {
  if (!failure) return 'at=info';
  const sock = failure.sock === undefined ? '' : `sock=${failure.sock} `;
  const cause = failure.cause === undefined ? '' : ` cause="${quoted(failure.cause)}"`;
  return `${sock}at=${failure.at} code=${failure.code} desc="${failure.desc}"${cause}`;
}

const milliseconds = (ms: number | undefined): string =>
  ms === undefined ? '' : `${Math.max(0, Math.round(ms))}ms`;

const quoted = (text: string): string => text.replace(UNSAFE, escaped);
const bare = (text: string): string => text.replace(UNSAFE_BARE, escaped);

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
