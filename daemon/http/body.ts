import type { FastifyInstance } from 'fastify';
import { TfkError } from '../shared/errors.js';

/** Bytes of a request body, but for uploads of sources. */
export const BODY_LIMIT = 2 * 1024 * 1024;

/**
 * JSON bodies only, so that no form of a foreign page is ever understood. An empty body is none: clients send
 * `Content-Type: application/json` with nothing, and bodies without any type.
 */
export function acceptJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  for (const type of ['application/json', /^application\/[\w.-]+\+json/]) {
    app.addContentTypeParser<string>(type, { parseAs: 'string' }, (request, body, done) => {
      if (body.length === 0) done(null, undefined);
      else void parseJson(request, body, done);
    });
  }
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else if (request.headers['content-type'] === undefined) void parseJson(request, body, done);
    else done(notJson());
  });
  // An empty type is none.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers['content-type'] === '') delete request.headers['content-type'];
    done();
  });
  // A request without a body is one with an empty body, where a body is described.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body == null && request.routeOptions.schema?.body !== undefined) request.body = {};
    done();
  });
}

const notJson = (): TfkError =>
  new TfkError('unsupported_media_type', 'The body of a request is JSON here.', {
    hint: 'Send it with: Content-Type: application/json',
  });
