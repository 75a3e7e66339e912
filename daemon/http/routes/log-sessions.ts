import type { FastifyInstance } from 'fastify';
import { CreateLogSession, LogSession } from '../../../api/index.js';
import type { LogFilter } from '../../logs/entry.js';
import type { LogEvent } from '../../logs/sessions.js';
import { TfkError } from '../../shared/errors.js';
import type { Context } from '../context.js';
import { findApp, quote } from '../find.js';
import { timeOf } from '../platform.js';
import { sendStream } from '../streams.js';

const DEFAULT_LINES = 100;

export function logSessionRoutes(app: FastifyInstance, context: Context): void {
  const { services, clock, baseUrl } = context;
  app.post<{ Params: { app: string }; Body: CreateLogSession }>(
    '/apps/:app/log-sessions',
    { config: { scope: 'read' }, schema: { body: CreateLogSession, response: { 201: LogSession } } },
    (request, reply) => {
      const { id: appId } = findApp(services, request.params.app);
      const { body } = request;
      const session = services.logs.create({
        appId,
        filter: filterOf(body, clock.now()),
        lines: body.lines ?? DEFAULT_LINES,
        tail: body.tail ?? false,
        format: body.format ?? 'text',
      });
      void reply.status(201);
      return {
        created_at: timeOf(session.createdAt),
        id: session.id,
        logplex_url: `${baseUrl(request)}/tfk/logs/${session.secret}`,
        updated_at: timeOf(session.createdAt),
      } satisfies LogSession;
    },
  );
  eventRoute(app, context);
}

/** Server-sent events. `retry` keeps Heroku's client from waiting three seconds for nothing at the end. */
function eventRoute(app: FastifyInstance, context: Context): void {
  const { services } = context;
  app.get<{ Params: { secret: string } }>(
    '/tfk/logs/:secret',
    { config: { secretUrl: true }, exposeHeadRoute: false },
    async ({ params, headers }, reply) => {
      const seen = headers['last-event-id'];
      const lastEventId = typeof seen === 'string' && /^[0-9]{1,15}$/.test(seen) ? Number(seen) : null;
      await sendStream(
        context,
        reply,
        (signal) => events(services.logs.open(params.secret, lastEventId, signal)),
        {
          contentType: 'text/event-stream',
          heartbeat: ': still here\n\n',
        },
      );
    },
  );
}

async function* events(lines: AsyncIterable<LogEvent>): AsyncGenerator<string, void> {
  yield 'retry: 1\n\n';
  for await (const { id, data } of lines) {
    yield `id: ${id}\n${data
      .split(/\r\n|\r|\n/)
      .map((line) => `data: ${line}\n`)
      .join('')}\n`;
  }
}

export function filterOf(body: CreateLogSession, now: number): LogFilter {
  const { release, grep } = body;
  const source = sourceOf(textOf(body.source));
  const since = textOf(body.since);
  return {
    ...whose(body),
    ...(source === undefined ? {} : { source }),
    ...(release == null ? {} : { release }),
    ...(grep == null || grep === '' ? {} : { grep }),
    ...(since === undefined ? {} : { since: parseSince(since, now) * 1000 }),
  };
}

/** `dyno` without a number is a process type: so Heroku's client sends it. */
function whose(body: CreateLogSession): Pick<LogFilter, 'dyno' | 'type'> {
  const dyno = textOf(body.dyno) ?? textOf(body.dyno_name);
  const type = textOf(body.type);
  if (dyno?.includes('.') === true) return type === undefined ? { dyno } : { dyno, type };
  const either = type ?? dyno;
  return either === undefined ? {} : { type: either };
}

const textOf = (text: string | null | undefined): string | undefined =>
  text === '' ? undefined : (text ?? undefined);

function sourceOf(source: string | undefined): 'app' | 'heroku' | undefined {
  if (source === undefined || source === 'app' || source === 'heroku') return source;
  throw new TfkError('invalid_params', `source is app or heroku, not ${quote(source)}.`);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds since the epoch. */
function parseSince(text: string, now: number): number {
  const [, count, unit] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (UNIT_MS[unit] ?? 0);
  const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new TfkError('invalid_params', `since is neither a time nor a span: ${quote(text)}.`, {
    hint: 'Give 90s, 10m, 2h, 1d, or a time such as 2026-08-01T10:00:00Z.',
  });
}
