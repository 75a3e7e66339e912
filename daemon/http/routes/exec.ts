import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Dyno, ExecAnswer, ExecDyno } from '../../../api/index.js';
import type { AppRecord } from '../../store/apps.js';
import type { DynoRecord } from '../../store/dynos.js';
import { attachUrl } from '../attach-points.js';
import type { Context } from '../context.js';
import { findApp, findDyno } from '../find.js';
import type { Attachable } from '../services.js';
import { envOf, terminalOf } from '../terminal.js';
import { dynoJson } from './dynos.js';

interface Exec {
  Params: { app: string; dyno: string };
  Body: ExecDyno;
}

/** A further process in a running dyno: ours, and as Heroku's `run:inside` asks for it. */
export function execRoutes(app: FastifyInstance, context: Context): void {
  app.post<Exec>(
    '/tfk/apps/:app/dynos/:dyno/exec',
    { config: { scope: 'write-protected' }, schema: { body: ExecDyno, response: { 201: ExecAnswer } } },
    async (request, reply) => {
      const { attachable } = await exec(context, request);
      void reply.status(201);
      return { attach_url: attachUrl(context.attachPoints, attachable) };
    },
  );
  app.post<Exec>(
    '/apps/:app/dynos/:dyno',
    { config: { scope: 'write-protected' }, schema: { body: ExecDyno, response: { 201: Dyno } } },
    async (request, reply) => {
      const { record, dyno, attachable } = await exec(context, request);
      void reply.status(201);
      return { ...dynoJson(record, dyno), attach_url: context.attachUrl(request, attachable) };
    },
  );
}

async function exec(
  { services, actor }: Context,
  request: FastifyRequest<Exec>,
): Promise<{ record: AppRecord; dyno: DynoRecord; attachable: Attachable }> {
  const { params, body } = request;
  const record = findApp(services, params.app);
  const dyno = findDyno(services, record, params.dyno);
  const attachable = await services.dynos.exec(record, dyno, {
    command: body.command,
    env: envOf(body.env),
    terminal: terminalOf(body),
    actor: actor(request),
  });
  return { record, dyno, attachable };
}
