import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  Accepted,
  CreateDyno,
  Dyno,
  DynoDetails,
  type DynoDetails as DynoDetailsJson,
  type Dyno as DynoJson,
} from '../../../api/index.js';
import type { AppRecord } from '../../store/apps.js';
import type { DynoRecord } from '../../store/dynos.js';
import type { Context } from '../context.js';
import { findApp, findDyno, findFormation } from '../find.js';
import { timeOf, timeOrNull } from '../platform.js';
import type { DynoTarget, Services } from '../services.js';
import { envOf, terminalOf } from '../terminal.js';

interface OfApp {
  Params: { app: string };
}
interface OfDyno {
  Params: { app: string; dyno: string };
}
/** `dyno` or `type` is in the path of the route that reads it. */
interface OfTarget {
  Params: Record<'app' | 'dyno' | 'type', string>;
}

export function dynoRoutes(app: FastifyInstance, context: Context): void {
  readRoutes(app, context);
  createRoutes(app, context);
  restartAndStopRoutes(app, context);
}

function readRoutes(app: FastifyInstance, { services }: Context): void {
  app.get<OfApp>('/apps/:app/dynos', { schema: { response: { 200: Type.Array(Dyno) } } }, ({ params }) => {
    const record = findApp(services, params.app);
    return dynosOf(services, record).map((dyno) => dynoJson(record, dyno));
  });
  app.get<OfDyno>('/apps/:app/dynos/:dyno', { schema: { response: { 200: Dyno } } }, ({ params }) => {
    const record = findApp(services, params.app);
    return dynoJson(record, findDyno(services, record, params.dyno));
  });
  app.get<OfApp>(
    '/tfk/apps/:app/dynos',
    { schema: { response: { 200: Type.Array(DynoDetails) } } },
    ({ params }) => {
      const record = findApp(services, params.app);
      return dynosOf(services, record).map((dyno) => detailsJson(record, dyno));
    },
  );
}

function createRoutes(app: FastifyInstance, { services, attachUrl, actor }: Context): void {
  app.post<OfApp & { Body: CreateDyno }>(
    '/apps/:app/dynos',
    // A command can print the config vars.
    { config: { scope: 'write-protected' }, schema: { body: CreateDyno, response: { 201: Dyno } } },
    async (request, reply) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const attached = body.attach === true;
      const { dyno, attachable } = await services.dynos.runOneOff({
        app: record,
        command: body.command,
        env: envOf(body.env),
        attached,
        terminal: attached ? terminalOf(body) : null,
        size: body.size ?? null,
        type: body.type ?? null,
        timeLimitMs: body.time_to_live == null ? null : body.time_to_live * 1000,
        actor: actor(request),
      });
      void reply.status(201);
      return {
        ...dynoJson(record, dyno),
        attach_url: attachable === null ? null : attachUrl(request, attachable),
      };
    },
  );
}

function restartAndStopRoutes(app: FastifyInstance, { services, actor }: Context): void {
  const accepted = { schema: { response: { 202: Accepted } } };
  const all = (): DynoTarget => ({ kind: 'all' });
  const ofType = (record: AppRecord, params: OfTarget['Params']): DynoTarget => ({
    kind: 'type',
    type: findFormation(services, record, params.type).type,
  });
  const ofDyno = (record: AppRecord, params: OfTarget['Params']): DynoTarget =>
    dynoOrType(services, record, params.dyno);
  const route = (
    method: 'DELETE' | 'POST',
    url: string,
    targetOf: (record: AppRecord, params: OfTarget['Params']) => DynoTarget,
  ): void => {
    app.route<OfTarget>({
      method,
      url,
      ...accepted,
      handler: async (request, reply) => {
        const { params } = request;
        const record = findApp(services, params.app);
        const target = targetOf(record, params);
        if (method === 'DELETE') await services.dynos.restart(record, target, actor(request));
        else await services.dynos.stop(record, target, actor(request));
        void reply.status(202);
        return {};
      },
    });
  };
  route('DELETE', '/apps/:app/dynos', all);
  route('DELETE', '/apps/:app/dynos/:dyno', ofDyno);
  route('POST', '/apps/:app/dynos/:dyno/actions/stop', ofDyno);
  for (const word of ['formation', 'formations']) {
    route('DELETE', `/apps/:app/${word}/:type`, ofType);
    route('POST', `/apps/:app/${word}/:type/actions/stop`, ofType);
  }
}

/** `web.2` before `web.10`; of a slot that is being replaced the older dyno first. */
function dynosOf(services: Services, app: AppRecord): DynoRecord[] {
  const numberOf = ({ name, type }: DynoRecord): number => Number(name.slice(type.length + 1));
  return services.records.dynos
    .list(app.id)
    .sort((a, b) => a.type.localeCompare(b.type) || numberOf(a) - numberOf(b) || a.createdAt - b.createdAt);
}

/** Heroku's older clients restart a whole type under the dynos' path. */
function dynoOrType(services: Services, app: AppRecord, name: string): DynoTarget {
  const types = services.records.dynos.list(app.id).map(({ type }) => type);
  if (types.includes(name)) return { kind: 'type', type: name };
  return { kind: 'dyno', name: findDyno(services, app, name).name };
}

export function dynoJson(app: AppRecord, dyno: DynoRecord): DynoJson {
  return {
    app: { id: app.id, name: app.name },
    attach_url: null,
    command: dyno.command,
    created_at: timeOf(dyno.createdAt),
    id: dyno.instance,
    name: dyno.name,
    release: { id: dyno.releaseId, version: dyno.releaseVersion },
    size: dyno.size,
    state: dyno.state,
    type: dyno.type,
    updated_at: timeOf(dyno.stateSince),
  };
}

function detailsJson(app: AppRecord, dyno: DynoRecord): DynoDetailsJson {
  return {
    ...dynoJson(app, dyno),
    attempt: dyno.attempt,
    exit_code: dyno.exitCode,
    instance: dyno.instance,
    next_start_at: timeOrNull(dyno.nextStartAt),
    ready: dyno.state === 'up',
    reason: dyno.message,
  };
}
