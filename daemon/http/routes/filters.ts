import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { FilterApps, FilteredApp, type FilteredApp as FilteredAppJson } from '../../../api/index.js';
import type { AppRecord } from '../../store/apps.js';
import type { Context } from '../context.js';
import { sendPage, type Orders } from '../paging.js';
import { appJson } from './apps.js';

const ORDERS: Orders<AppRecord> = { id: ({ id }) => id, name: ({ name }) => name };

/** Many apps in one request, by their ids; ids of nothing are passed over. A page of it is a POST with the next Range. */
export function filterRoutes(app: FastifyInstance, { services, visible }: Context): void {
  app.post<{ Body: FilterApps }>(
    '/filters/apps',
    { config: { scope: 'read' }, schema: { body: FilterApps, response: { 200: Type.Array(FilteredApp) } } },
    (request, reply) => {
      const ids = request.body.in?.id;
      const isVisible = visible(request);
      const wanted = ids && new Set(ids);
      const items = services.apps.list().filter(({ id }) => isVisible(id) && (wanted?.has(id) ?? true));
      const toJson = (record: AppRecord): FilteredAppJson => ({
        ...appJson(services, record),
        joined: true,
        locked: false,
      });
      return sendPage(request, reply, { items, orders: ORDERS, toJson });
    },
  );
}
