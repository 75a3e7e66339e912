import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  Attachment,
  CreateAttachment,
  ResolveAttachment,
  type Attachment as AttachmentJson,
} from '../../../api/index.js';
import type { AddonRecord, AttachmentRecord } from '../../store/addons.js';
import type { AppRecord } from '../../store/apps.js';
import { attachmentJson } from '../addon-json.js';
import type { Context } from '../context.js';
import { attachmentNotFound, findAddon, findApp } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import type { Services } from '../services.js';

interface OfApp {
  Params: { app: string };
}

interface Attached {
  readonly attachment: AttachmentRecord;
  readonly addon: AddonRecord;
}

const ORDERS: Orders<Attached> = {
  id: ({ attachment }) => attachment.id,
  name: ({ attachment }) => attachment.name,
};

export function attachmentRoutes(app: FastifyInstance, context: Context): void {
  readRoutes(app, context);
  changeRoutes(app, context);
}

function readRoutes(app: FastifyInstance, { services }: Context): void {
  const list = { schema: { response: { 200: Type.Array(Attachment) } } };
  const one = { schema: { response: { 200: Attachment } } };
  const toJson = (attached: Attached) => json(services, attached);
  const page = (items: Attached[]) => ({ items, orders: ORDERS, toJson });

  app.get('/addon-attachments', list, (request, reply) =>
    sendPage(request, reply, page(attachedOf(services, null))),
  );
  app.get<OfApp>('/apps/:app/addon-attachments', list, (request, reply) =>
    sendPage(request, reply, page(attachedOf(services, findApp(services, request.params.app)))),
  );
  app.get<{ Params: { addon: string } }>('/addons/:addon/addon-attachments', list, (request, reply) => {
    const { id } = findAddon(services, request.params.addon);
    return sendPage(request, reply, page(attachedOf(services, null).filter(({ addon }) => addon.id === id)));
  });
  app.get<{ Params: { attachment: string } }>('/addon-attachments/:attachment', one, ({ params }) =>
    toJson(find(services, params.attachment, null)),
  );
  app.get<OfApp & { Params: { attachment: string } }>(
    '/apps/:app/addon-attachments/:attachment',
    one,
    ({ params }) => toJson(find(services, params.attachment, findApp(services, params.app))),
  );
  app.post<{ Body: ResolveAttachment }>(
    '/actions/addon-attachments/resolve',
    { schema: { body: ResolveAttachment, response: { 200: Type.Array(Attachment) } } },
    ({ body }) => {
      const owner = body.app == null ? null : findApp(services, body.app);
      return [toJson(find(services, body.addon_attachment, owner))];
    },
  );
}

function changeRoutes(app: FastifyInstance, { services, actor }: Context): void {
  app.post<{ Body: CreateAttachment }>(
    '/addon-attachments',
    { schema: { body: CreateAttachment, response: { 201: Attachment } } },
    async (request, reply) => {
      const { body } = request;
      const addon = findAddon(services, body.addon);
      const owner = findApp(services, body.app);
      const attachment = await services.addons.attach({
        addon,
        app: owner,
        name: body.name ?? null,
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
      const attached = find(services, params.attachment, null);
      const last = json(services, attached);
      await services.addons.detach(attached.attachment, actor(request));
      return last;
    },
  );
}

const json = (services: Services, { attachment, addon }: Attached): AttachmentJson =>
  attachmentJson(services, attachment, addon);

function attachedOf(services: Services, app: AppRecord | null): Attached[] {
  const addons = new Map(services.records.addons.all().map((addon) => [addon.id, addon]));
  const attachments =
    app === null ? services.records.addons.attachments() : services.records.addons.attachmentsOf(app.id);
  return attachments.flatMap((attachment) => {
    const addon = addons.get(attachment.addonId);
    return addon ? [{ attachment, addon }] : [];
  });
}

/**
 * By id, or by name within an app; also `app::NAME`, a config var that it gives (`DATABASE_URL`), or the add-on's name where
 * that is attached once. A bare name without an app is taken where only one app has it.
 */
function find(services: Services, reference: string, app: AppRecord | null): Attached {
  const [, appName, name = reference] = /^([^:]+)::(.+)$/.exec(reference) ?? [];
  const owner = appName === undefined ? app : findApp(services, appName);
  const attached = attachedOf(services, owner);
  const upper = name.toUpperCase();
  const meant =
    only(attached, ({ attachment }) => attachment.id === name || attachment.name === upper) ??
    only(attached, ({ attachment }) => services.addons.configKeys(attachment).includes(upper)) ??
    only(attached, ({ addon }) => addon.id === name || addon.name === name);
  if (meant) return meant;
  throw attachmentNotFound(
    name,
    owner,
    attached.map(({ attachment }) => attachment),
  );
}

function only(attached: readonly Attached[], fits: (candidate: Attached) => boolean): Attached | undefined {
  const fitting = attached.filter(fits);
  return fitting.length === 1 ? fitting[0] : undefined;
}
