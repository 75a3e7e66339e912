import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  BuildPlan,
  CreatePlan,
  Doctor,
  Health,
  Info,
  ReleaseDiff,
  Rollout,
  Shutdown,
  Version,
  type BuildPlan as BuildPlanJson,
  type Info as InfoJson,
  type ReleaseDiff as ReleaseDiffJson,
} from '../../../api/index.js';
import type { PlannedBuild } from '../../build/contracts.js';
import type { ReleaseDifference } from '../../release/diff.js';
import { TfkError } from '../../shared/errors.js';
import type { ReleaseRecord } from '../../store/releases.js';
import type { Context } from '../context.js';
import { findApp, findRelease } from '../find.js';
import { timeOf } from '../platform.js';
import type { Services, TfkInfo } from '../services.js';
import { sendStream } from '../streams.js';
import { sourceOfUrl } from './sources.js';

/** Below the 60 s of silence that clients take for a dead connection. */
const LONGEST_WAIT_MS = 50_000;

export function tfkRoutes(app: FastifyInstance, context: Context): void {
  daemonRoutes(app, context);
  shutdownRoute(app, context);
  planRoute(app, context);
  rolloutRoute(app, context);
  diffRoute(app, context);
}

function daemonRoutes(app: FastifyInstance, { services }: Context): void {
  app.get('/tfk/health', { config: { scope: 'identity' }, schema: { response: { 200: Health } } }, () => ({
    status: 'ok',
  }));
  app.get('/tfk/version', { config: { scope: 'identity' }, schema: { response: { 200: Version } } }, () => {
    const { version, pid, startedAt } = services.tfk.info();
    return { version, pid, started_at: timeOf(startedAt) };
  });
  app.get('/tfk/info', { config: { only: 'account' }, schema: { response: { 200: Info } } }, () =>
    infoJson(services.tfk.info(), services.account.account().email),
  );
  app.get('/tfk/doctor', { config: { only: 'account' }, schema: { response: { 200: Doctor } } }, async () => {
    const findings = await services.tfk.examine();
    return { checks: findings.map((finding) => ({ ...finding, hint: finding.hint ?? null })) };
  });
}

function infoJson({ startedAt, ...info }: TfkInfo, email: string): InfoJson {
  const { tlsPort, ...router } = info.router;
  return {
    ...info,
    router: { ...router, tls_port: tlsPort },
    started_at: timeOf(startedAt),
    account: { email },
  };
}

/** With `everything` the reply is the progress itself, one JSON object a line; it goes on if the client has gone. */
function shutdownRoute(app: FastifyInstance, context: Context): void {
  const { services } = context;
  app.post<{ Body: Shutdown }>(
    '/tfk/shutdown',
    { config: { scope: 'global', only: 'account' }, schema: { body: Shutdown } },
    async ({ body }, reply) => {
      if (body.scope !== 'everything') {
        reply.raw.once('close', () => services.tfk.stopDaemon());
        return reply.status(202).header('connection', 'close').send({});
      }
      await sendStream(context, reply, () => progressLines(services.tfk.stopEverything()), {
        contentType: 'application/x-ndjson',
        heartbeat: '\n',
        untilEnd: true,
        status: 202,
      });
      return reply;
    },
  );
}

async function* progressLines(messages: AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const message of messages) yield `${JSON.stringify({ message })}\n`;
}

function planRoute(app: FastifyInstance, { services, baseUrl }: Context): void {
  app.post<{ Body: CreatePlan }>(
    '/tfk/plans',
    { schema: { body: CreatePlan, response: { 200: BuildPlan } } },
    async (request) => {
      const { app: name, source_blob, dockerfile = false } = request.body;
      const record = name == null ? null : findApp(services, name);
      const source = sourceOfUrl(services, source_blob.url, baseUrl(request));
      if (!source) {
        throw new TfkError(
          'invalid_params',
          'source_blob.url must be the get_url of a source uploaded here.',
        );
      }
      const planned = await services.builds.plan(source, record);
      return planJson(planned, dockerfile ? services.builds.dockerfileOf(planned) : null);
    },
  );
}

function planJson(
  { plan, processTypes, warnings, contentHash }: PlannedBuild,
  dockerfile: string | null,
): BuildPlanJson {
  return {
    planner: plan.planner,
    label: plan.label,
    runtime: plan.runtime,
    tools: [...plan.tools],
    launch_runtime: plan.launchRuntime,
    notes: [...plan.notes],
    warnings: [...new Set([...plan.warnings, ...warnings])],
    steps: plan.steps.map(({ config, ...step }) => ({
      ...step,
      ...(config === undefined ? {} : { config: [...config] }),
      inputs: step.inputs === 'source' ? 'source' : [...step.inputs],
      commands: step.commands.map((command) => [...command]),
      layers: [...step.layers],
    })),
    images: plan.images.map((image) => ({ ...image, bases: [...image.bases], serves: [...image.serves] })),
    ...(plan.builder === undefined ? {} : { builder: builderJson(plan.builder) }),
    files: plan.files,
    build_config: [...plan.buildConfig],
    default_process_types: plan.defaultProcessTypes,
    process_types: processTypes,
    launch_env: plan.launchEnv,
    launch_path: [...plan.launchPath],
    exclude: [...plan.exclude],
    content_hash: contentHash,
    dockerfile,
  };
}

function builderJson({ image, group, files, env }: NonNullable<PlannedBuild['plan']['builder']>) {
  return {
    image,
    group: group.map((one) => ({ ...one })),
    files: files === null ? null : { kind: files.kind, patterns: [...files.patterns] },
    env,
  };
}

function rolloutRoute(app: FastifyInstance, { services, closing }: Context): void {
  const Query = Type.Object({
    release: Type.Optional(Type.String({ pattern: '^v?[0-9]{1,9}$' })),
    wait: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}(\\.[0-9]{1,3})?$' })),
  });
  app.get<{ Params: { app: string }; Querystring: { release?: string; wait?: string } }>(
    '/tfk/apps/:app/rollout',
    { schema: { querystring: Query, response: { 200: Rollout } }, exposeHeadRoute: false },
    async ({ params, query }, reply) => {
      const record = findApp(services, params.app);
      const { version } = findRelease(services, record, query.release ?? 'current');
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const waitMs = Math.min(Number(query.wait ?? 0) * 1000, LONGEST_WAIT_MS);
      const signal = AbortSignal.any([gone.signal, closing]);
      const rollout = await services.releases.rollout(record.id, version, waitMs, signal);
      return { ...rollout, release: version };
    },
  );
}

function diffRoute(app: FastifyInstance, { services }: Context): void {
  app.get<{ Params: { app: string; from: string; to: string } }>(
    '/tfk/apps/:app/releases/:from/diff/:to',
    { schema: { response: { 200: ReleaseDiff } } },
    async ({ params }) => {
      const record = findApp(services, params.app);
      const from = findRelease(services, record, params.from);
      const to = findRelease(services, record, params.to);
      return diffOf(services, from, to);
    },
  );
  app.get<{ Params: { app: string; other: string } }>(
    '/tfk/apps/:app/diff/:other',
    { schema: { response: { 200: ReleaseDiff } } },
    ({ params }) => {
      const [from, to] = [params.app, params.other].map((name) => findApp(services, name).id);
      return diffOf(services, services.releases.current(from ?? ''), services.releases.current(to ?? ''));
    },
  );
}

async function diffOf(services: Services, from: ReleaseRecord, to: ReleaseRecord): Promise<ReleaseDiffJson> {
  const artifactOf = ({ slugId }: ReleaseRecord): string | undefined =>
    slugId === null ? undefined : services.records.slugs.byId(slugId)?.artifact.id;
  const changed = artifactOf(from) !== artifactOf(to);
  return diffJson(from, to, changed, await services.releases.diff(from, to));
}

const diffJson = (
  from: ReleaseRecord,
  to: ReleaseRecord,
  changed: boolean,
  diff: ReleaseDifference,
): ReleaseDiffJson => ({
  from: from.version,
  to: to.version,
  config: diff.config.map(({ name, ...rest }) => ({ key: name, ...rest })),
  process_types: diff.processTypes.map(({ name, ...rest }) => ({ type: name, ...rest })),
  bindings: [...diff.bindings],
  slug: { from: from.slugId, to: to.slugId, changed },
  files: diff.files.map(({ name, change }) => ({ path: name, change })),
  dependencies: [...diff.dependencies],
});
