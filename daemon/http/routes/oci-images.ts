import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CreateOciImage, OciImage, type OciImage as OciImageJson } from '../../../api/index.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { OciImageProcess, OciImageRecord } from '../../store/oci-images.js';
import type { Context } from '../context.js';
import { findApp, quote } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { CONTAINER, timeOf, uuidOf } from '../platform.js';
import type { NewOciImage, Services } from '../services.js';

const ORDERS: Orders<OciImageRecord> = {
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};
/** Of Heroku's own builders; it means no more here than `container`. */
const CNB = 'cnb';

interface OfApp {
  Params: { app: string };
}

/** Images that were made elsewhere, and are on the app's engine already: registered by their digest, and released as they are. */
export function ociImageRoutes(app: FastifyInstance, { services }: Context): void {
  app.post<OfApp & { Body: CreateOciImage }>(
    '/apps/:app/oci-images',
    { schema: { body: CreateOciImage, response: { 201: OciImage } } },
    async (request, reply) => {
      const record = findApp(services, request.params.app);
      const image = await services.images.register(record, newImage(request.body));
      void reply.status(201);
      return imageJson(image);
    },
  );
  const list = { schema: { response: { 200: Type.Array(OciImage) } } };
  app.get<OfApp>('/apps/:app/oci-images', list, (request, reply) =>
    sendPage(request, reply, {
      items: services.records.ociImages.list(findApp(services, request.params.app).id),
      orders: ORDERS,
      toJson: imageJson,
    }),
  );
  app.get<{ Params: { app: string; image: string } }>('/apps/:app/oci-images/:image', list, ({ params }) =>
    findImages(services, findApp(services, params.app), params.image).map(imageJson),
  );
}

/** The newest of this id or digest. */
export function findImage(services: Services, app: AppRecord, idOrDigest: string): OciImageRecord {
  const [newest] = findImages(services, app, idOrDigest);
  if (newest) return newest;
  throw new Error('there is one, or it was thrown');
}

/** The newest first. */
function findImages({ records }: Services, app: AppRecord, idOrDigest: string): OciImageRecord[] {
  const found = records.ociImages
    .list(app.id)
    .filter(({ id, digest }) => id === idOrDigest || digest === idOrDigest);
  if (found.length > 0) return found;
  throw notFound(
    'oci_image',
    `${app.name} has no image ${quote(idOrDigest)}.`,
    `Register it with its digest: POST /apps/${app.name}/oci-images`,
  );
}

function newImage(body: CreateOciImage): NewOciImage {
  const types = Object.entries(body.process_types ?? {}).map(([type, process]): [string, OciImageProcess] => [
    type,
    {
      command: process.command,
      displayCommand: process.display_cmd ?? process.command,
      workingDir: process.working_dir ?? '',
      isDefault: process.default ?? type === 'web',
    },
  ]);
  return {
    digest: body.digest,
    processTypes: Object.fromEntries(types),
    details: {
      architecture: body.architecture ?? null,
      baseImageName: body.base_image_name ?? '',
      baseTopLayer: body.base_top_layer ?? '',
      commit: body.commit ?? '',
      commitDescription: body.commit_description ?? '',
      imageRepo: body.image_repo ?? '',
      stack: stackOf(body.stack),
      buildpacks: body.buildpacks ?? [],
    },
  };
}

function stackOf(asked: string | undefined): string {
  if (asked === undefined) return CONTAINER.name;
  const known = [CONTAINER.name, CNB];
  const stack = known.find((name) => name === asked || uuidOf('stack', name) === asked);
  if (stack !== undefined) return stack;
  throw new TfkError(
    'invalid_params',
    `There is no stack ${quote(asked)} of images here, only ${known.join(' and ')}. Nothing was made.`,
    { suggestions: known },
  );
}

function imageJson({ id, digest, details, processTypes, createdAt }: OciImageRecord): OciImageJson {
  const types = Object.entries(processTypes).map(([name, process]) => [
    name,
    {
      name,
      command: process.command,
      display_cmd: process.displayCommand,
      working_dir: process.workingDir,
      default: process.isDefault,
    },
  ]);
  return {
    architecture: details.architecture,
    base_image_name: details.baseImageName,
    base_top_layer: details.baseTopLayer,
    buildpacks: [...details.buildpacks] as OciImageJson['buildpacks'],
    commit: details.commit,
    commit_description: details.commitDescription,
    created_at: timeOf(createdAt),
    deleted_at: null,
    digest,
    id,
    image_repo: details.imageRepo,
    process_types: Object.fromEntries(types) as OciImageJson['process_types'],
    stack: { id: uuidOf('stack', details.stack), name: details.stack },
    updated_at: timeOf(createdAt),
  };
}
