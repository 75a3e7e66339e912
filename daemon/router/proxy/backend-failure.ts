import { errors } from 'undici';
import { codeOf, messageOf } from '../../shared/errors.js';
import { FAILURES, responseRestriction, type Failure } from './failures.js';

/** How far an attempt on a backend had come. */
export type Stage = 'connecting' | 'waiting' | 'head' | 'body';

const TIMED_OUT: ReadonlySet<string> = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
const OWN_FAULT: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
]);
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/** The backend was taken out between choice and connection: another one is chosen, and nobody is to blame. */
export function wasTakenOut(error: unknown): boolean {
  return CLOSED.has(codeOf(error) ?? '');
}

export function isOwnFault(error: unknown): boolean {
  return OWN_FAULT.has(codeOf(error) ?? '');
}

/** Names what the HTTP client reports in Heroku's codes. */
export function failureOf(error: unknown, stage: Stage): Failure {
  const code = codeOf(error) ?? '';
  if (isOwnFault(error)) return FAILURES.H99;
  if (stage === 'connecting') return TIMED_OUT.has(code) ? FAILURES.H19 : FAILURES.H21;
  if (stage === 'body') return FAILURES.H18;
  return failureOfHead(error, code, stage);
}

function failureOfHead(error: unknown, code: string, stage: Stage): Failure {
  const message = messageOf(error);
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return responseRestriction('invalid content length');
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return responseRestriction('oversized header');
  if (error instanceof errors.HTTPParserError) {
    return message.includes('Content-Length') ? responseRestriction('invalid content length') : FAILURES.H17;
  }
  if (message === 'bad response' || message === 'bad upgrade') return FAILURES.H17;
  return stage === 'head' ? FAILURES.H18 : FAILURES.H13;
}
