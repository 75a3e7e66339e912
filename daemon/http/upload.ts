import type { FastifyInstance } from 'fastify';
import type { Readable } from 'node:stream';
import { TfkError } from '../shared/errors.js';

interface Upload {
  Params: { secret: string };
  Body: Readable | undefined;
}

export interface UploadTarget<Target> {
  /** What the upload to the URL of this secret is for. Throws where there is none. */
  readonly find: (secret: string) => Target;
  /** `length` in bytes where the client told it. */
  readonly take: (target: Target, body: Readable, length: number | null) => Promise<void>;
}

/**
 * Takes tarballs in at `path` and a secret, which is all that lets in there. They are streams of any type and length; the build
 * stage sets their limits.
 */
export function uploadRoute<Target>(
  app: FastifyInstance,
  path: string,
  { find, take }: UploadTarget<Target>,
): void {
  const options = { config: { secretUrl: true }, bodyLimit: Number.MAX_SAFE_INTEGER };
  // A scope of its own: all other routes go on reading JSON.
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.put<Upload>(`${path}:secret`, options, async ({ params, body, headers }) => {
      const target = find(params.secret);
      if (!body) throw new TfkError('invalid_params', 'The upload is empty. Nothing was taken in.');
      const length = headers['content-length'];
      await take(target, body, length === undefined ? null : Number(length));
      return {};
    });
    done();
  });
}
