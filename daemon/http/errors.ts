import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorBody } from '../../api/index.js';
import { ERROR_STATUS, isDiskFull, messageOf, TfkError, type ErrorId } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { inHerokusWords, isOwnClient } from './client-words.js';

/** The one place where what was thrown becomes a reply. What nobody foresaw is logged here, once, and never told outside. */
export function replyWithError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  const known = asTfkError(error);
  if (!known) {
    logger.error({ err: error, request: request.id, route: request.routeOptions.url }, 'a request failed');
  }
  const told = known ?? unforeseen(request.id);
  if (told.id === 'unauthorized') void reply.header('www-authenticate', 'Basic realm="tfk"');
  if (told.retryAfterS !== undefined) void reply.header('retry-after', told.retryAfterS);
  void reply.status(ERROR_STATUS[told.id]).send(errorBody(told, isOwnClient(request.headers)));
}

/**
 * Our own client prints message and hint. Others print nothing but the message, so that for them the hint is a part of it, in
 * the words of Heroku's CLI where it has them.
 */
export function errorBody(error: TfkError, toOwnClient: boolean): ErrorBody {
  const { id, message, hint, resource, suggestions } = error;
  return {
    id,
    ...(hint === undefined || toOwnClient
      ? { message, ...(hint === undefined ? {} : { hint }) }
      : { message: `${message} ${inHerokusWords(hint)}` }),
    ...(resource === undefined ? {} : { resource }),
    ...(suggestions.length === 0 ? {} : { suggestions }),
  };
}

/** What a stage threw on purpose, or Fastify's own refusal in our words; undefined for anything else. */
export function asTfkError(error: unknown): TfkError | undefined {
  if (error instanceof TfkError) return error;
  if (!(error instanceof Error)) return undefined;
  if (isDiskFull(error)) return diskFull(error);
  const { validation, statusCode, code } = error as Partial<FastifyError>;
  if (validation) return new TfkError('invalid_params', describe(validation));
  const id = code === undefined ? undefined : ID_OF_CODE[code];
  if (id !== undefined) return new TfkError(id, `${messageOf(error)}.`.replace(/\.\.$/, '.'));
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500
    ? new TfkError('bad_request', `The request cannot be read: ${messageOf(error).slice(0, LONGEST_ECHO)}`)
    : undefined;
}

/** Letters of what Fastify says, which may repeat the request. */
const LONGEST_ECHO = 200;

const ID_OF_CODE: Partial<Record<string, ErrorId>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
};

/** Whatever was being written: the store's transactions are there whole or not at all. */
const diskFull = (cause: Error): TfkError =>
  new TfkError('insufficient_storage', 'The disk is full. Nothing was changed; apps that run go on.', {
    hint: 'Free some space, then try again; `tfk doctor` shows where.',
    cause,
  });

export const unforeseen = (requestId: string): TfkError =>
  new TfkError(
    'internal_server_error',
    `tfkd failed to do this, by a fault of its own (request ${requestId}).`,
    {
      hint: 'See what it logged: tfk daemon logs',
    },
  );

type Violation = NonNullable<FastifyError['validation']>[number];

/** The first field that is wrong, by its path (`updates.0.type`), and what it must be. The value itself is not repeated. */
function describe(violations: readonly Violation[]): string {
  const first = violations[0];
  if (!first) return 'The body is not what this request takes.';
  const missing = first.params['missingProperty'];
  if (typeof missing === 'string') return `${fieldOf(`${first.instancePath}/${missing}`)} is missing.`;
  const rules = violations
    .filter((violation) => violation.instancePath === first.instancePath && violation.keyword !== 'anyOf')
    .map((violation) => rule(violation));
  return `${fieldOf(first.instancePath)} ${[...new Set(rules)].join(' or ')}.`;
}

function rule(violation: Violation): string {
  if (violation.keyword === 'const') return `must be ${JSON.stringify(violation.params['allowedValue'])}`;
  return violation.message ?? 'is wrong';
}

function fieldOf(path: string): string {
  const name = path.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  return name === '' ? 'The body' : name.slice(0, 200);
}
