import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { brokenUniqueIndex, type Database } from '../database.js';
import { newUserFrom, sentence, userChangesFrom, type Problems } from '../user-input.js';
import { countUsers, createUser, deleteUser, findUser, listUsers, updateUser, userId } from '../users.js';

interface ById {
  Params: { id: string };
}

interface Page {
  Querystring: { after: number; limit: number };
}

const PAGE = {
  querystring: {
    type: 'object',
    properties: {
      after: { type: 'integer', minimum: 0, default: 0 },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    },
  },
} as const;

export function userRoutes(app: FastifyInstance, database: Database): void {
  /** `count` is the number of all users; the next page begins `after` the last id of this one. */
  app.get<Page>('/users', { schema: PAGE }, async (request) => {
    const [users, count] = await Promise.all([listUsers(database, request.query), countUsers(database)]);
    return { users, count };
  });

  app.post('/users', async (request, reply) => {
    const input = newUserFrom(request.body);
    if (!input.ok) return invalid(request, reply, input.problems);
    const user = await orTaken(createUser(database, input.value));
    if (typeof user === 'string') return taken(request, reply, user);
    return reply.code(201).header('location', `/users/${user.id}`).send(user);
  });

  app.get<ById>('/users/:id', async (request, reply) => {
    const id = userId(request.params.id);
    const user = id === undefined ? undefined : await findUser(database, id);
    return user ?? unknown(request, reply);
  });

  app.put<ById>('/users/:id', async (request, reply) => {
    const input = userChangesFrom(request.body);
    if (!input.ok) return invalid(request, reply, input.problems);
    const id = userId(request.params.id);
    if (id === undefined) return unknown(request, reply);
    const user = await orTaken(updateUser(database, id, input.value));
    if (typeof user === 'string') return taken(request, reply, user);
    return user ?? unknown(request, reply);
  });

  app.delete<ById>('/users/:id', async (request, reply) => {
    const id = userId(request.params.id);
    const deleted = id !== undefined && (await deleteUser(database, id));
    return deleted ? reply.code(204).send() : unknown(request, reply);
  });
}

/** The result, or the name of the field whose value another user has. */
async function orTaken<T>(work: Promise<T>): Promise<T | 'username' | 'email'> {
  try {
    return await work;
  } catch (error) {
    const index = brokenUniqueIndex(error);
    if (index === 'users_username_taken') return 'username';
    if (index === 'users_email_taken') return 'email';
    throw error;
  }
}

function invalid(request: FastifyRequest, reply: FastifyReply, fields: Problems): FastifyReply {
  return reply
    .code(400)
    .send({ error: 'invalid', message: sentence(fields), fields, request_id: request.id });
}

function taken(request: FastifyRequest, reply: FastifyReply, field: string): FastifyReply {
  const message = `Another user has this ${field}`;
  return reply.code(409).send({ error: 'conflict', message, field, request_id: request.id });
}

function unknown(request: FastifyRequest<ById>, reply: FastifyReply): FastifyReply {
  const message = `There is no user ${request.params.id}`;
  return reply.code(404).send({ error: 'not_found', message, request_id: request.id });
}
