import type { FastifyRequest } from 'fastify';
import type { AppRecord } from '../../store/apps.js';
import { alternative, type Shape } from '../known-fields.js';
import type { Services } from '../services.js';

/** Something that a request names, and the apps that this leads to; none for what is not there. */
export interface Named {
  readonly kind: string;
  readonly name: string;
  readonly apps: readonly AppRecord[];
  /** Must all these apps be the requester's to use, or is one enough? */
  readonly enough: 'some' | 'all';
}

interface Lead {
  readonly enough: Named['enough'];
  readonly appIds: (services: Services, name: string) => readonly string[];
}

const APP: Lead = { enough: 'all', appIds: ({ apps }, name) => [apps.find(name)?.id ?? []].flat() };

/**
 * By what a part of a path or a field is called, the apps to which its value leads. What lies below `/apps/:app` is looked up
 * within that app, and needs no entry.
 */
export const LEADS: Readonly<Record<string, Lead>> = {
  app: APP,
  other: APP,
  // An app to which it is attached has its passwords already.
  addon: { enough: 'some', appIds: addonApps },
  database: { enough: 'some', appIds: addonApps },
  attachment: { enough: 'all', appIds: attachmentApps },
  addon_attachment: { enough: 'all', appIds: attachmentApps },
  pipeline: { enough: 'all', appIds: pipelineApps },
  coupling: {
    enough: 'all',
    appIds: ({ records }, id) => [records.pipelineCouplings.byId(id)?.appId ?? []].flat(),
  },
  setup: { enough: 'all', appIds: ({ records }, id) => [records.appSetups.byId(id)?.appId ?? []].flat() },
  promotion: {
    enough: 'all',
    appIds: ({ records }, id) => records.pipelinePromotions.targets(id).map(({ appId }) => appId),
  },
};

/** What a request names in its path and its query. */
export function namedInUrl(services: Services, request: FastifyRequest): Named[] {
  const params = request.params as Readonly<Record<string, string>>;
  const { app, other } = params;
  const inPath = app === undefined ? params : { app, ...(other === undefined ? {} : { other }) };
  return lookUp(services, request, [...Object.entries(inPath), ...fieldsOf(request.query)]);
}

/** What a request names in its body, where its route describes one. */
export function namedInBody(services: Services, request: FastifyRequest): Named[] {
  const shape = request.routeOptions.schema?.body as Shape | undefined;
  const named = shape ? lookUp(services, request, fieldsOf(request.body, shape)) : [];
  // The name of an app that is not there may be that of one to be made.
  return named.filter(({ apps }) => apps.length > 0);
}

function lookUp(services: Services, { params }: FastifyRequest, fields: readonly Field[]): Named[] {
  const withinApp = (params as Readonly<Record<string, string>>)['app'] !== undefined;
  return fields.flatMap(([field, name]) => {
    const lead = LEADS[field];
    // Within its own app an add-on may be called by other names, which mean nothing elsewhere.
    if (!lead || name === '' || (lead !== APP && withinApp)) return [];
    const apps = lead.appIds(services, name).flatMap((id) => services.apps.find(id) ?? []);
    return [{ kind: kindOf(field, lead), name, apps, enough: lead.enough }];
  });
}

function kindOf(field: string, lead: Lead): string {
  if (lead === APP) return 'app';
  return field === 'addon' ? 'add-on' : field;
}

type Field = readonly [field: string, name: string];

/** How deep a body is searched: a promotion names apps in `targets[].app.id`. */
const DEPTH = 3;

/** `{app: 'x'}`, `{app: {id: 'x'}}` and `{app: {name: 'x'}}`, below other fields too. */
function fieldsOf(value: unknown, shape?: Shape, depth = 0): Field[] {
  if (typeof value !== 'object' || value === null || depth > DEPTH || isMap(shape)) return [];
  if (Array.isArray(value)) {
    const items = shape && alternative(shape, 'items').items;
    return value.flatMap((item) => fieldsOf(item, items, depth + 1));
  }
  const properties = shape && alternative(shape, 'properties').properties;
  return Object.entries(value as Record<string, unknown>).flatMap(([field, inner]) => [
    ...namesOf(inner).map((name): Field => [field, name]),
    ...fieldsOf(inner, properties?.[field], depth + 1),
  ]);
}

/** Config vars and process types have names of the user's own: they name nothing of tfkd's. */
const isMap = (shape: Shape | undefined): boolean =>
  shape !== undefined && typeof alternative(shape, 'additionalProperties').additionalProperties === 'object';

function namesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const { id, name } = value as { readonly id?: unknown; readonly name?: unknown };
  return [id, name].filter((each) => typeof each === 'string');
}

function addonApps({ records, apps }: Services, name: string): string[] {
  const [, appName] = /^([^:]+)::/.exec(name) ?? [];
  if (appName !== undefined) return [apps.find(appName)?.id ?? []].flat();
  const addon = records.addons.find(name);
  if (!addon) return [];
  const attached = records.addons.attachments().filter(({ addonId }) => addonId === addon.id);
  return [addon.appId, ...attached.map(({ appId }) => appId)];
}

/** By id, or `app::NAME`; a bare name is looked for among those that the requester may see. */
function attachmentApps({ records, apps }: Services, reference: string): string[] {
  const [, appName] = /^([^:]+)::/.exec(reference) ?? [];
  if (appName !== undefined) return [apps.find(appName)?.id ?? []].flat();
  return records.addons.attachments().flatMap(({ id, appId }) => (id === reference ? appId : []));
}

function pipelineApps({ records }: Services, name: string): string[] {
  const pipeline = records.pipelines.find(name);
  return pipeline ? records.pipelineCouplings.ofPipeline(pipeline.id).map(({ appId }) => appId) : [];
}
