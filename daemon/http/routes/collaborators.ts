import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  Collaborator,
  CreateCollaborator,
  type Collaborator as CollaboratorJson,
} from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { CollaboratorRecord } from '../../store/collaborators.js';
import type { UserRecord } from '../../store/users.js';
import { assertOwner } from '../access/app-access.js';
import { requesterOf } from '../access/requester.js';
import type { Context } from '../context.js';
import { findApp, quote } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf, uuidOf } from '../platform.js';
import type { Services } from '../services.js';
import { ownerOf } from '../users.js';

interface OfApp {
  Params: { app: string };
}
interface OfCollaborator {
  Params: { app: string; collaborator: string };
}

const ORDERS: Orders<CollaboratorJson> = {
  created_at: ({ created_at }) => created_at,
  email: ({ user }) => user.email,
  id: ({ id }) => id,
};

export function collaboratorRoutes(app: FastifyInstance, { services }: Context): void {
  const one = { schema: { response: { 200: Collaborator } } };

  app.get<OfApp>(
    '/apps/:app/collaborators',
    { schema: { response: { 200: Type.Array(Collaborator) } } },
    (request, reply) => {
      const items = listOf(services, findApp(services, request.params.app));
      return sendPage(request, reply, { items, orders: ORDERS, toJson: (item) => item });
    },
  );
  app.get<OfCollaborator>('/apps/:app/collaborators/:collaborator', one, ({ params }) =>
    find(services, findApp(services, params.app), params.collaborator),
  );
  app.post<OfApp & { Body: CreateCollaborator }>(
    '/apps/:app/collaborators',
    { config: { only: 'owner' }, schema: { body: CreateCollaborator, response: { 201: Collaborator } } },
    ({ params, body }, reply) => {
      const record = findApp(services, params.app);
      const { id } = services.collaborators.add(record, body.user);
      void reply.status(201);
      return find(services, record, id);
    },
  );
  /** Whoever is one may leave; to send another away is the owner's. */
  app.delete<OfCollaborator>('/apps/:app/collaborators/:collaborator', one, (request) => {
    const { params } = request;
    const record = findApp(services, params.app);
    const last = find(services, record, params.collaborator);
    const requester = requesterOf(request);
    if (last.user.id !== requester.user.id) assertOwner(services, requester, record);
    services.collaborators.remove(record, last.user.id);
    return last;
  });
}

/** The owner first. */
function listOf(services: Services, app: AppRecord): CollaboratorJson[] {
  const owner = ownerOf(services, app);
  const others = services.records.collaborators.list(app.id).flatMap((record) => {
    const user = services.account.user(record.userId);
    return user ? [collaboratorJson(app, user, record)] : [];
  });
  return [
    collaboratorJson(
      app,
      owner,
      {
        id: uuidOf('collaborator', app.id),
        createdAt: app.createdAt,
        updatedAt: app.createdAt,
      },
      'owner',
    ),
    ...others,
  ];
}

/** By their id, or by the id or e-mail address of the user. */
function find(services: Services, app: AppRecord, reference: string): CollaboratorJson {
  const wanted = reference.toLowerCase();
  const found = listOf(services, app).find(({ id, user }) =>
    [id, user.id, user.email.toLowerCase()].includes(wanted),
  );
  if (found) return found;
  throw notFound(
    'collaborator',
    `${app.name} has no collaborator ${quote(reference)}.`,
    `List them: tfk access -a ${app.name}`,
  );
}

export const collaboratorJson = (
  app: AppRecord,
  user: UserRecord,
  { id, createdAt, updatedAt }: Pick<CollaboratorRecord, 'id' | 'createdAt' | 'updatedAt'>,
  role: CollaboratorJson['role'] = 'collaborator',
): CollaboratorJson => ({
  app: { id: app.id, name: app.name },
  created_at: timeOf(createdAt),
  id,
  permissions: [],
  role,
  updated_at: timeOf(updatedAt),
  user: { email: user.email, federated: false, id: user.id },
});
