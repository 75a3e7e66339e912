import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  Authorization,
  CreateAuthorization,
  UpdateAuthorization,
  type Authorization as AuthorizationJson,
} from '../../../api/index.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { TokenRecord } from '../../store/tokens.js';
import type { UserRecord } from '../../store/users.js';
import { requesterOf } from '../access/requester.js';
import { assertLogin } from '../auth.js';
import type { Context } from '../context.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';
import type { Services } from '../services.js';

interface One {
  Params: { authorization: string };
}

const ORDERS: Orders<TokenRecord> = {
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};
const ONE = { response: { 200: Authorization } };

export function authorizationRoutes(app: FastifyInstance, { services, clock }: Context): void {
  const toJson = (record: TokenRecord, token = ''): AuthorizationJson =>
    authorizationJson(services, record, { token, now: clock.now() });

  readRoutes(app, services, toJson);
  app.post<{ Body: CreateAuthorization }>(
    '/oauth/authorizations',
    { config: { scope: 'global' }, schema: { body: CreateAuthorization, response: { 201: Authorization } } },
    (request, reply) => {
      const { description, expires_in, scope, user } = request.body;
      assertLogin(request.headers.authorization, requesterOf(request).user);
      const { record, token } = services.account.createToken({
        userId: ownerOf(services, request, user).id,
        description: description ?? 'API token',
        scope: scope ?? ['global'],
        expiresAt: expires_in == null ? null : clock.now() + expires_in * 1000,
      });
      void reply.status(201);
      return toJson(record, token);
    },
  );
  app.patch<One & { Body: UpdateAuthorization }>(
    '/oauth/authorizations/:authorization',
    { config: { scope: 'global' }, schema: { body: UpdateAuthorization, ...ONE } },
    (request) => {
      const { id } = find(services, request);
      const { description } = request.body;
      if (description != null) services.account.describeToken(id, description);
      return toJson(find(services, request));
    },
  );
  app.post<One>(
    '/oauth/authorizations/:authorization/actions/regenerate-tokens',
    { config: { scope: 'global' }, schema: ONE },
    (request) => {
      const { id } = find(services, request);
      const token = services.account.regenerateToken(id);
      return toJson(find(services, request), token);
    },
  );
}

/** Every token may see and revoke itself; one of the scope `global` all of its user's. */
function readRoutes(
  app: FastifyInstance,
  services: Services,
  toJson: (record: TokenRecord, token?: string) => AuthorizationJson,
): void {
  const config = { scope: 'identity' } as const;
  app.get(
    '/oauth/authorizations',
    { config, schema: { response: { 200: Type.Array(Authorization) } } },
    (request, reply) => {
      const { token } = requesterOf(request);
      // Heroku's CLI looks in the list for the token that it has; it is told no other.
      const text = ({ id }: TokenRecord) => (id === token?.record.id ? token.text : '');
      return sendPage(request, reply, {
        items: visibleTokens(services, request),
        orders: ORDERS,
        toJson: (record) => toJson(record, text(record)),
      });
    },
  );
  app.get<One>('/oauth/authorizations/:authorization', { config, schema: ONE }, (request) =>
    toJson(find(services, request)),
  );
  app.delete<One>('/oauth/authorizations/:authorization', { config, schema: ONE }, (request) => {
    const record = find(services, request);
    services.account.revokeToken(record.id);
    return toJson(record);
  });
  // What Heroku's `login` makes in a browser. Its `logout` goes on to revoke the token itself.
  app.delete('/oauth/sessions/:session', { config }, () => {
    throw notFound(
      'session',
      'There is no such session.',
      'Tokens are what can be revoked: tfk authorizations',
    );
  });
}

/** The account sees everybody's, so that it can revoke them. */
function visibleTokens(services: Services, request: FastifyRequest): TokenRecord[] {
  const { user, isAccount, token } = requesterOf(request);
  const tokens = services.account.tokens();
  if (token && !token.record.scope.includes('global'))
    return tokens.filter(({ id }) => id === token.record.id);
  return tokens.filter(({ userId }) => isAccount || userId === user.id);
}

/** By id; `~` is the token that the request came with. */
function find(services: Services, request: FastifyRequest<One>): TokenRecord {
  const { authorization } = request.params;
  const wanted = authorization === '~' ? requesterOf(request).token?.record.id : authorization;
  const record = visibleTokens(services, request).find(({ id }) => id === wanted);
  if (record) return record;
  throw notFound('authorization', 'There is no such token.', 'List them: tfk authorizations');
}

function ownerOf(services: Services, request: FastifyRequest, email: string | undefined): UserRecord {
  const { user, isAccount } = requesterOf(request);
  if (email === undefined || email.toLowerCase() === user.email.toLowerCase()) return user;
  if (isAccount) return services.account.ensureUser(email);
  throw new TfkError('forbidden', 'Only the account may make tokens for others. Nothing was made.');
}

function authorizationJson(
  services: Services,
  record: TokenRecord,
  { token, now }: { readonly token: string; readonly now: number },
): AuthorizationJson {
  const { id, description, createdAt, updatedAt, expiresAt } = record;
  const { email, id: userId } = services.account.user(record.userId) ?? services.account.account();
  const expires_in = expiresAt === null ? null : Math.max(0, Math.round((expiresAt - now) / 1000));
  return {
    access_token: { expires_in, id, token },
    client: null,
    created_at: timeOf(createdAt),
    description,
    grant: null,
    id,
    refresh_token: null,
    scope: [...record.scope],
    session: null,
    updated_at: timeOf(updatedAt),
    user: { email, full_name: null, id: userId },
  };
}
