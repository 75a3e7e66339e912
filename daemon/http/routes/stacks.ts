import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Stack, type Stack as StackJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { Context } from '../context.js';
import { findApp, quote } from '../find.js';
import { EPOCH, STACK, STACKS } from '../platform.js';

/** What apps are built as: by planners, on something like Heroku's own stack, or from Dockerfiles. */
export function stackRoutes(app: FastifyInstance, { services }: Context): void {
  const list = { schema: { response: { 200: Type.Array(Stack) } } };
  app.get('/stacks', list, () => STACKS.map(toJson));
  app.get<{ Params: { stack: string } }>(
    '/stacks/:stack',
    { schema: { response: { 200: Stack } } },
    ({ params }) => {
      const stack = STACKS.find(({ id, name }) => [id, name].includes(params.stack));
      if (stack) return toJson(stack);
      const known = STACKS.map(({ name }) => name).join(', ');
      throw notFound('stack', `There is no stack ${quote(params.stack)}.`, `There are ${known}.`);
    },
  );
  app.get<{ Params: { app: string } }>('/apps/:app/available-stacks', list, ({ params }) => {
    findApp(services, params.app);
    return STACKS.map(toJson);
  });
}

const toJson = (stack: (typeof STACKS)[number]): StackJson => ({
  ...stack,
  created_at: EPOCH,
  default: stack.name === STACK.name,
  state: 'public',
  updated_at: EPOCH,
});
