import type { FastifyInstance } from 'fastify';
import { TfkError } from '../../shared/errors.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';

interface OfApp {
  Params: { app: string };
}

/** Heroku's own builders register their images there; here an image becomes a slug by a build, as every source does. */
export function ociImageRoutes(app: FastifyInstance, { services }: Context): void {
  for (const [method, path] of [
    ['POST', '/apps/:app/oci-images'],
    ['GET', '/apps/:app/oci-images/:image'],
  ] as const)
    app.route<OfApp>({
      method,
      url: path,
      handler: ({ params }) => {
        throw noImageOf(findApp(services, params.app).name);
      },
    });
}

/** Heroku's clients print the message alone, so what to type is in it. */
export const noImageOf = (app: string): TfkError =>
  new TfkError(
    'not_implemented',
    `Images are not registered by their digest here. An image of this machine or of a registry is released by name: tfk push --image NAME -a ${app}`,
  );
