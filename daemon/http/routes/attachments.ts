import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  Attachment,
  CreateAttachment,
  ResolveAttachment,
  type Attachment as AttachmentJson,
  type Identity,
} from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import { attachmentJson } from '../addon-json.js';
import { attachedOf, findAttachment, resolveAttachments, type Attached } from '../addon-lookup.js';
import type { Context } from '../context.js';
import { findAddon, findApp, quote } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import type { Services } from '../services.js';

interface OfApp {
  Params: { app: string };
}

const ORDERS: Orders<Attached> = {
  id: ({ attachment }) => attachment.id,
  name: ({ attachment }) => attachment.name,
};

export function attachmentRoutes(app: FastifyInstance, context: Context): void {
  readRoutes(app, context);
  changeRoutes(app, context);
}

function readRoutes(app: FastifyInstance, { services, visible }: Context): void {
  const list = { schema: { response: { 200: Type.Array(Attachment) } } };
  const one = { schema: { response: { 200: Attachment } } };
  const toJson = (attached: Attached) => json(services, attached);
  const page = (items: Attached[]) => ({ items, orders: ORDERS, toJson });

  app.get('/addon-attachments', list, (request, reply) =>
    sendPage(request, reply, page(attachedOf(services, null, visible(request)))),
  );
  app.get<OfApp>('/apps/:app/addon-attachments', list, (request, reply) =>
    sendPage(
      request,
      reply,
      page(attachedOf(services, findApp(services, request.params.app), visible(request))),
    ),
  );
  app.get<{ Params: { addon: string } }>('/addons/:addon/addon-attachments', list, (request, reply) => {
    const { id } = findAddon(services, request.params.addon);
    const attached = attachedOf(services, null, visible(request));
    return sendPage(request, reply, page(attached.filter(({ addon }) => addon.id === id)));
  });
  app.get<{ Params: { attachment: string } }>('/addon-attachments/:attachment', one, (request) =>
    toJson(findAttachment(services, request.params.attachment, null, visible(request))),
  );
  app.get<OfApp & { Params: { attachment: string } }>(
    '/apps/:app/addon-attachments/:attachment',
    one,
    (request) => {
      const owner = findApp(services, request.params.app);
      return toJson(findAttachment(services, request.params.attachment, owner, visible(request)));
    },
  );
  app.post<{ Body: ResolveAttachment }>(
    '/actions/addon-attachments/resolve',
    {
      config: { scope: 'read' },
      schema: { body: ResolveAttachment, response: { 200: Type.Array(Attachment) } },
    },
    (request) => {
      const { app: name, addon_attachment } = request.body;
      const owner = name == null ? null : findApp(services, name);
      return resolveAttachments(services, addon_attachment, owner, visible(request)).map(toJson);
    },
  );
}

function changeRoutes(app: FastifyInstance, { services, actor, visible }: Context): void {
  app.post<{ Body: CreateAttachment }>(
    '/addon-attachments',
    { schema: { body: CreateAttachment, response: { 201: Attachment } } },
    async (request, reply) => {
      const { body } = request;
      assertNoNamespace(body.namespace);
      const addon = findAddon(services, nameIn(body.addon, 'addon'));
      const owner = findApp(services, nameIn(body.app, 'app'));
      const attachment = await services.addons.attach({
        addon,
        app: owner,
        name: body.name ?? null,
        confirm: body.confirm ?? null,
        actor: actor(request),
      });
      void reply.status(201);
      return json(services, { attachment, addon });
    },
  );
  app.delete<{ Params: { attachment: string } }>(
    '/addon-attachments/:attachment',
    { schema: { response: { 200: Attachment } } },
    async (request) => {
      const { params } = request;
      const attached = findAttachment(services, params.attachment, null, visible(request));
      const last = json(services, attached);
      await services.addons.detach(attached.attachment, actor(request));
      return last;
    },
  );
}

const json = (services: Services, { attachment, addon }: Attached): AttachmentJson =>
  attachmentJson(services, attachment, addon);

function nameIn(identity: Identity, field: string): string {
  const name = typeof identity === 'string' ? identity : (identity.id ?? identity.name);
  if (name !== undefined) return name;
  throw new TfkError('invalid_params', `${field} names nothing: it needs an id or a name.`);
}

function assertNoNamespace(namespace: string | null | undefined): void {
  if (namespace == null) return;
  throw new TfkError(
    'invalid_params',
    `An add-on has no ${quote(namespace)} here: it has one credential, and no connection pool. Nothing was attached.`,
    { hint: 'Leave the credential out.' },
  );
}
