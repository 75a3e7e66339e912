import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { CreateKey, Key, type Key as KeyJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { KeyRecord } from '../../store/keys.js';
import { requesterOf } from '../access/requester.js';
import type { Context } from '../context.js';
import { quote } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';

interface One {
  Params: { key: string };
}

const ORDERS: Orders<KeyRecord> = {
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};

/** The requester's own, whoever owns the home. */
export function keyRoutes(app: FastifyInstance, { services }: Context): void {
  const config = { scope: 'global' } as const;
  const one = { config, schema: { response: { 200: Key } } };
  const listOf = (request: FastifyRequest): readonly KeyRecord[] =>
    services.keys.list(requesterOf(request).user.id);
  const find = (request: FastifyRequest<One>): KeyRecord => {
    const { key } = request.params;
    const found = listOf(request).find(({ id, fingerprint }) => [id, fingerprint].includes(key));
    if (found) return found;
    throw notFound('key', `You have no key ${quote(key)}.`, 'List them: tfk keys');
  };

  app.get('/account/keys', { config, schema: { response: { 200: Type.Array(Key) } } }, (request, reply) =>
    sendPage(request, reply, { items: [...listOf(request)], orders: ORDERS, toJson }),
  );
  app.get<One>('/account/keys/:key', one, (request) => toJson(find(request)));
  app.post<{ Body: CreateKey }>(
    '/account/keys',
    { config, schema: { body: CreateKey, response: { 201: Key } } },
    (request, reply) => {
      void reply.status(201);
      return toJson(services.keys.add(requesterOf(request).user.id, request.body.public_key));
    },
  );
  app.delete<One>('/account/keys/:key', one, (request) => {
    const last = find(request);
    services.keys.remove(last.id);
    return toJson(last);
  });
}

const toJson = ({ id, publicKey, comment, fingerprint, createdAt }: KeyRecord): KeyJson => ({
  comment,
  created_at: timeOf(createdAt),
  email: comment,
  fingerprint,
  id,
  public_key: publicKey,
  updated_at: timeOf(createdAt),
});
