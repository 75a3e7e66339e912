import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Region, type Region as RegionJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import { quote } from '../find.js';
import { EPOCH, REGION } from '../platform.js';

/** What Heroku's clients ask in passing, and what has but one answer here. */
export function platformRoutes(app: FastifyInstance): void {
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
