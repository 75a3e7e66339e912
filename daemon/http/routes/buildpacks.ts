import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  BuildpackRevision,
  RegisteredBuildpack,
  type BuildpackRevision as BuildpackRevisionJson,
  type RegisteredBuildpack as RegisteredBuildpackJson,
} from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { Context } from '../context.js';
import { quote } from '../find.js';
import { EPOCH, uuidOf } from '../platform.js';
import type { Services } from '../services.js';

type Known = ReturnType<Services['buildpacks']['known']>[number];
interface Named {
  Params: { buildpack: string };
}

/** A buildpack registry as Heroku's, of those that there are here. Its clients send no token, and learn nothing of this machine. */
export function buildpackRoutes(app: FastifyInstance, { services }: Context): void {
  const open = { config: { open: true } };
  app.get<{ Querystring: Record<string, string | string[]> }>(
    '/buildpacks',
    { ...open, schema: { response: { 200: Type.Array(RegisteredBuildpack) } } },
    ({ query }) =>
      services.buildpacks
        .known()
        .map(toJson)
        .filter((buildpack) => isAskedFor(buildpack, query)),
  );
  app.get<Named>(
    '/buildpacks/:buildpack',
    { ...open, schema: { response: { 200: RegisteredBuildpack } } },
    ({ params }) => toJson(find(services, params.buildpack)),
  );
  app.get<Named>(
    '/buildpacks/:buildpack/revisions',
    { ...open, schema: { response: { 200: Type.Array(BuildpackRevision) } } },
    ({ params }) => [revisionOf(find(services, params.buildpack))],
  );
  app.get<Named>('/buildpacks/:buildpack/readme', open, ({ params }) => {
    const { description, planner } = find(services, params.buildpack);
    const text = `${description}. It is the planner "${planner}" of tfk: see what it would do by tfk plan.\n`;
    return { content: Buffer.from(text).toString('base64'), encoding: 'base64' };
  });
}

function find(services: Services, name: string): Known {
  const known = services.buildpacks.known();
  const buildpack = known.find((each) => each.name === name);
  if (buildpack) return buildpack;
  const names = known.map((each) => each.name).join(', ');
  throw notFound('buildpack', `There is no buildpack ${quote(name)}.`, `There are ${names}.`);
}

function toJson({ name: fullName, description, url }: Known): RegisteredBuildpackJson {
  const [namespace = '', name = ''] = fullName.split('/');
  return {
    blob_url: url,
    category: 'languages',
    created_at: EPOCH,
    description,
    id: uuidOf('buildpack', fullName),
    logo: null,
    name,
    namespace,
    source: { type: 'tfk' },
    support: { address: 'tfk plan', method: 'website' },
    two_factor_authentication: false,
    updated_at: EPOCH,
  };
}

/** A planner has no versions of its own: it is as old as this tfk. */
const revisionOf = ({ name }: Known): BuildpackRevisionJson => ({
  created_at: EPOCH,
  id: uuidOf('buildpack-revision', name),
  license: 'MIT',
  release: 1,
  status: 'published',
});

/** Heroku's registry is searched by `in[namespace][]`, `in[name][]` and `like[description]`. */
function isAskedFor(
  { namespace, name, description }: RegisteredBuildpackJson,
  query: Readonly<Record<string, string | string[]>>,
): boolean {
  const wanted = (key: string): string[] => [query[key] ?? []].flat();
  const within = (key: string, value: string) => wanted(key).length === 0 || wanted(key).includes(value);
  const like = wanted('like[description]').every((words) =>
    description.toLowerCase().includes(words.toLowerCase()),
  );
  return within('in[namespace][]', namespace) && within('in[name][]', name) && like;
}
