import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  Authorization,
  CreateAuthorization,
  type Authorization as AuthorizationJson,
} from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { TokenRecord } from '../../store/account.js';
import type { Context } from '../context.js';
import { timeOf } from '../platform.js';

interface One {
  Params: { authorization: string };
}

export function authorizationRoutes(app: FastifyInstance, { services, clock }: Context): void {
  const toJson = (record: TokenRecord, token = ''): AuthorizationJson =>
    authorizationJson(services.account.account(), record, { token, now: clock.now() });
  const find = (reference: string, current: TokenRecord | null): TokenRecord => {
    const wanted = reference === '~' ? current?.id : reference;
    const record = services.account.tokens().find(({ id }) => id === wanted);
    if (record) return record;
    throw notFound('authorization', 'There is no such token.', 'List them: GET /oauth/authorizations');
  };

  app.post<{ Body: CreateAuthorization }>(
    '/oauth/authorizations',
    { schema: { body: CreateAuthorization, response: { 201: Authorization } } },
    ({ body }, reply) => {
      const { record, token } = services.account.createToken({
        description: body.description ?? 'API token',
        expiresAt: body.expires_in == null ? null : clock.now() + body.expires_in * 1000,
      });
      void reply.status(201);
      return toJson(record, token);
    },
  );
  app.get('/oauth/authorizations', { schema: { response: { 200: Type.Array(Authorization) } } }, () =>
    services.account.tokens().map((record) => toJson(record)),
  );
  app.get<One>(
    '/oauth/authorizations/:authorization',
    { schema: { response: { 200: Authorization } } },
    ({ params, token }) => toJson(find(params.authorization, token)),
  );
  app.delete<One>(
    '/oauth/authorizations/:authorization',
    { schema: { response: { 200: Authorization } } },
    ({ params, token }) => {
      const record = find(params.authorization, token);
      services.account.revokeToken(record.id);
      return toJson(record);
    },
  );
  app.delete('/oauth/sessions/:session', () => {
    throw notFound('session', 'There is no such session.');
  });
}

function authorizationJson(
  account: { readonly id: string; readonly email: string },
  record: TokenRecord,
  { token, now }: { readonly token: string; readonly now: number },
): AuthorizationJson {
  const { id, description, createdAt, expiresAt } = record;
  const expires_in = expiresAt === null ? null : Math.max(0, Math.round((expiresAt - now) / 1000));
  return {
    access_token: { expires_in, id, token },
    client: null,
    created_at: timeOf(createdAt),
    description,
    grant: null,
    id,
    refresh_token: null,
    scope: ['global'],
    session: null,
    updated_at: timeOf(createdAt),
    user: { email: account.email, full_name: null, id: account.id },
  };
}
