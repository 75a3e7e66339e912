import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';

/**
 * Each JSON answer to a question has a tag of its content, and who has that content already is told so (RFC 9110 §13.1.2) in place of
 * being sent it again. Nothing is kept on the way, though (`no-store`): answers hold secrets. Streams have none: they are not known before their end. A HEAD is told the tag, and has no content to spare.
 */
export function tagAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isTagged(request, reply, payload)) {
      done(null, payload);
      return;
    }
    const tag = tagOf(payload, reply);
    void reply.header('etag', tag);
    const known = request.method === 'GET' && names(request.headers['if-none-match'], tag);
    if (known) void reply.status(304).removeHeader('content-type');
    done(null, known ? null : payload);
  });
}

const isTagged = ({ method }: FastifyRequest, reply: FastifyReply, payload: unknown): payload is string =>
  (method === 'GET' || method === 'HEAD') &&
  (reply.statusCode === 200 || reply.statusCode === 206) &&
  typeof payload === 'string' &&
  String(reply.getHeader('content-type')).startsWith('application/json');

/** Of a page of a list the way to the next one is a part. */
function tagOf(payload: string, reply: FastifyReply): string {
  const hash = createHash('sha256').update(payload);
  for (const name of ['next-range', 'content-range']) hash.update(`\n${String(reply.getHeader(name) ?? '')}`);
  return `"${hash.digest('base64url').slice(0, 27)}"`;
}

/** Does the header name this tag, be it as a weak one? A cache on the way may have made it so. */
export function names(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((each) => each.trim().replace(/^W\//, '') === tag);
}
