import type { FastifyInstance } from 'fastify';
import { MENU, orderFrom, type Order } from '../orders.js';
import type { Store } from '../stores/store.js';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOST = 100;

export function orderRoutes(app: FastifyInstance, store: Store): void {
  app.get('/menu', async () => ({ pizzas: MENU }));

  app.get('/orders', async () => ({ orders: (await store.list(MOST)).map(shown) }));

  app.post('/orders', async (request, reply) => {
    const order = orderFrom(request.body);
    if ('problems' in order) {
      const message = order.problems.join('; ');
      return reply.code(400).send({ error: 'invalid', message, request_id: request.id });
    }
    const placed = await store.place(order);
    return reply.code(201).header('location', `/orders/${placed.id}`).send(shown(placed));
  });

  app.get<{ Params: { id: string } }>('/orders/:id', async (request, reply) => {
    const { id } = request.params;
    const order = ID.test(id) ? await store.find(id) : null;
    if (order) return shown(order);
    const message = `There is no order ${id.slice(0, 40)}`;
    return reply.code(404).send({ error: 'not_found', message, request_id: request.id });
  });
}

const shown = ({ id, customer, pizzas, status, late, placedAt, readyAt }: Order) => ({
  id,
  customer,
  pizzas,
  status,
  late,
  placed_at: placedAt,
  ready_at: readyAt,
});
