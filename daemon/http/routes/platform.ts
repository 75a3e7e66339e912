import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Region, type Region as RegionJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { Context } from '../context.js';
import { findApp, quote } from '../find.js';
import { EPOCH, REGION } from '../platform.js';

interface OfApp {
  Params: { app: string };
}

/** What Heroku's clients ask in passing, and what has but one answer here. */
export function platformRoutes(app: FastifyInstance, context: Context): void {
  app.get('/regions', { schema: { response: { 200: Type.Array(Region) } } }, () => [region]);
  app.get<{ Params: { region: string } }>(
    '/regions/:region',
    { schema: { response: { 200: Region } } },
    ({ params }) => {
      if ([region.id, region.name].includes(params.region)) return region;
      throw notFound('region', `There is no region ${quote(params.region)}.`, `There is ${region.name}.`);
    },
  );
  // Asked in passing, by commands that show more where there are any.
  app.get('/teams', () => []);
  featureRoutes(app, context);
}

const region: RegionJson = {
  ...REGION,
  country: 'This machine',
  created_at: EPOCH,
  description: 'This machine',
  locale: 'localhost',
  private_capable: false,
  // The region that is called `us`: the schema knows these names only.
  provider: { name: 'tfk', region: 'us-east-1' },
  updated_at: EPOCH,
};

function featureRoutes(app: FastifyInstance, { services }: Context): void {
  app.get<OfApp>('/apps/:app/features', ({ params }) => {
    findApp(services, params.app);
    return [];
  });
  app.get<OfApp & { Params: { feature: string } }>('/apps/:app/features/:feature', ({ params }) => {
    findApp(services, params.app);
    throw notFound('app_feature', `There is no feature ${quote(params.feature)}.`);
  });
}
