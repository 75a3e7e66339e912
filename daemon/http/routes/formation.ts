import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  BatchUpdateFormation,
  Formation,
  UpdateFormation,
  type Formation as FormationJson,
  type SizeRef,
} from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { FormationRecord } from '../../store/formation.js';
import type { Context } from '../context.js';
import { findApp, findFormation, formationOf, quote, unknownType } from '../find.js';
import { timeOf, uuidOf } from '../platform.js';
import type { ScaleUpdate, Services } from '../services.js';

interface OfApp {
  Params: { app: string };
}
interface OfType {
  Params: { app: string; type: string };
}

export function formationRoutes(app: FastifyInstance, { services, actor }: Context): void {
  const one = { response: { 200: Formation } };
  const list = { response: { 200: Type.Array(Formation) } };

  app.get<OfApp>('/apps/:app/formation', { schema: list }, ({ params }) => {
    const record = findApp(services, params.app);
    return formationOf(services, record).map((entry) => formationJson(services, record, entry));
  });
  app.get<OfType>('/apps/:app/formation/:type', { schema: one }, ({ params }) => {
    const record = findApp(services, params.app);
    return formationJson(services, record, findFormation(services, record, params.type));
  });
  app.patch<OfApp & { Body: BatchUpdateFormation }>(
    '/apps/:app/formation',
    { schema: { body: BatchUpdateFormation, ...list } },
    async (request) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const images = imagesOf(body);
      if (images !== null) {
        await services.images.releaseTypes(record, images, actor(request));
        const released = services.records.formation.list(record.id).filter(({ type }) => type in images);
        return released.map((entry) => formationJson(services, record, entry));
      }
      const updates = body.updates.map((update, index) =>
        scaleUpdate(services, update.type, update, `updates.${index}.`),
      );
      assertTypes(services, record, updates);
      const entries = await services.formation.scale(record, updates, actor(request));
      return entries.map((entry) => formationJson(services, record, entry));
    },
  );
  app.patch<OfType & { Body: UpdateFormation }>(
    '/apps/:app/formation/:type',
    { schema: { body: UpdateFormation, ...one } },
    async (request) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const { type } = findFormation(services, record, params.type);
      await services.formation.scale(record, [scaleUpdate(services, type, body, '')], actor(request));
      return formationJson(services, record, findFormation(services, record, type));
    },
  );
}

/** Process type → image, as `container:release` sends them; null: the request is of something else. */
function imagesOf({ updates }: BatchUpdateFormation): Readonly<Record<string, string>> | null {
  const images = updates.flatMap(({ type, docker_image }): [string, string][] =>
    docker_image === undefined ? [] : [[type, docker_image]],
  );
  if (images.length === 0) return null;
  const scales = updates.some(({ quantity, size, dyno_size }) =>
    [quantity, size, dyno_size].some((value) => value !== undefined),
  );
  if (!scales && images.length === updates.length) return Object.fromEntries(images);
  throw new TfkError(
    'invalid_params',
    'An update either releases images or scales: not both in one request. Nothing was changed.',
    { hint: 'Send the updates with docker_image first, then those with quantity.' },
  );
}

function assertTypes(services: Services, app: AppRecord, updates: readonly ScaleUpdate[]): void {
  const known = formationOf(services, app).map(({ type }) => type);
  const stranger = updates.find(({ type }) => !known.includes(type));
  if (stranger) throw unknownType(app, stranger.type, known);
}

/** Heroku's clients send the size as `size` or `dyno_size`, by name or by id. */
function scaleUpdate(services: Services, type: string, body: UpdateFormation, path: string): ScaleUpdate {
  const size = body.size ?? body.dyno_size;
  return {
    type,
    quantity: body.quantity === undefined ? null : parseQuantity(body.quantity, `${path}quantity`),
    size: size === undefined ? null : sizeName(services, size),
  };
}

export function parseQuantity(quantity: number | string, field: string): { to: number } | { by: number } {
  const text = String(quantity).trim();
  if (/^[0-9]{1,9}$/.test(text)) return { to: Number(text) };
  if (typeof quantity === 'string' && /^[+-][0-9]{1,9}$/.test(text)) return { by: Number(text) };
  throw new TfkError(
    'invalid_params',
    `${field} is not a number of dynos: ${quote(text)}. Nothing was changed.`,
    {
      hint: 'Give a whole number from 0, or a change like "+1".',
    },
  );
}

function sizeName(services: Services, size: SizeRef): string | null {
  if (typeof size === 'string') return size;
  const byId = services.formation.sizes().find(({ name }) => uuidOf('dyno-size', name) === size.id);
  return size.name ?? byId?.name ?? size.id ?? null;
}

export function formationJson(services: Services, app: AppRecord, entry: FormationRecord): FormationJson {
  return {
    app: { id: app.id, name: app.name },
    command: services.releases.current(app.id).processTypes[entry.type] ?? '',
    created_at: timeOf(entry.createdAt),
    dyno_size: { id: uuidOf('dyno-size', entry.size), name: entry.size },
    id: entry.id,
    quantity: entry.quantity,
    size: entry.size,
    type: entry.type,
    updated_at: timeOf(entry.updatedAt),
  };
}
