import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DynoSize, type DynoSize as DynoSizeJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { Context } from '../context.js';
import { findApp, quote } from '../find.js';
import { GENERATION, uuidOf } from '../platform.js';

export function dynoSizeRoutes(app: FastifyInstance, { services }: Context): void {
  app.get<{ Params: { size: string } }>(
    '/dyno-sizes/:size',
    { schema: { response: { 200: DynoSize } } },
    ({ params }) => {
      const sizes = services.formation.sizes().map(sizeJson);
      const asked = params.size.toLowerCase();
      const size = sizes.find(({ id, name }) => id === asked || name.toLowerCase() === asked);
      if (size) return size;
      const known = sizes.map(({ name }) => name).join(', ');
      throw notFound('dyno_size', `There is no dyno size ${quote(params.size)}.`, `There are ${known}.`);
    },
  );
  const list = { schema: { response: { 200: Type.Array(DynoSize) } } };
  app.get('/dyno-sizes', list, () => services.formation.sizes().map(sizeJson));
  app.get<{ Params: { app: string } }>('/apps/:app/available-dyno-sizes', list, ({ params }) => {
    findApp(services, params.app);
    return services.formation.sizes().map(sizeJson);
  });
}

function sizeJson({ name, memoryBytes }: { name: string; memoryBytes: number }): DynoSizeJson {
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    compute: 1,
    cost: null,
    dedicated: false,
    generation: GENERATION,
    id: uuidOf('dyno-size', name),
    memory: memoryBytes / 1024 ** 3,
    name,
    precise_dyno_units: 0,
    private_space_only: false,
  };
}
