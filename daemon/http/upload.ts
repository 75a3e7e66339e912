import type { FastifyInstance } from 'fastify';
import type { Readable } from 'node:stream';
import { TfkError } from '../shared/errors.js';

/** Tarballs come to URLs that hold a secret, as streams of any type and length; the build stage sets their limits. */
export interface Upload {
  Body: Readable | undefined;
}

export const UPLOAD = { config: { secretUrl: true }, bodyLimit: Number.MAX_SAFE_INTEGER };

/** For all routes of this scope. */
export function acceptUploads(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}

/** What is uploaded, and how many bytes it is, if the client told that. */
export function uploadOf({
  body,
  headers,
}: {
  readonly body: Readable | undefined;
  readonly headers: { readonly 'content-length'?: string | undefined };
}): { readonly body: Readable; readonly length: number | null } {
  if (!body) throw new TfkError('invalid_params', 'The upload is empty. Nothing was taken in.');
  const length = headers['content-length'];
  return { body, length: length === undefined ? null : Number(length) };
}
