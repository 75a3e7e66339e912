import type { AppFeature } from '../release/app-features.js';
import { notFound, TfkError } from '../shared/errors.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';
import type { AppSetupRecord } from '../store/app-setups.js';
import type { AppRecord } from '../store/apps.js';
import type { BuildRecord } from '../store/builds.js';
import type { DomainRecord } from '../store/domains.js';
import type { DynoRecord } from '../store/dynos.js';
import type { FormationRecord } from '../store/formation.js';
import type { LogDrainRecord } from '../store/log-drains.js';
import type { CouplingRecord } from '../store/pipeline-couplings.js';
import type { PromotionRecord } from '../store/pipeline-promotions.js';
import type { PipelineRecord } from '../store/pipelines.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SlugRecord } from '../store/slugs.js';
import type { SniEndpointRecord } from '../store/sni-endpoints.js';
import type { DeliveryRecord } from '../store/webhook-deliveries.js';
import type { WebhookEventRecord } from '../store/webhook-events.js';
import type { WebhookRecord } from '../store/webhooks.js';
import { featureIdOf } from './platform.js';
import type { Services } from './services.js';
import { UnknownName, type Help } from './unknown-name.js';

/** What a path names, by id or name; what is not there is answered with the names that may have been meant. */

export function findApp(services: Services, idOrName: string): AppRecord {
  const app = services.apps.find(idOrName);
  if (app) return app;
  throw unknownApp(idOrName, services.apps.list());
}

/** `known` are those that may have been meant. */
export const unknownApp = (idOrName: string, known: readonly AppRecord[]): TfkError =>
  unknown('app', `There is no app ${quote(idOrName)}.`, {
    word: idOrName,
    candidates: known.map(({ name }) => name),
    otherwise: 'List the apps: tfk apps',
  });

/** By id, version or `vN`; `current` for the current one. */
export function findRelease(services: Services, app: AppRecord, reference: string): ReleaseRecord {
  if (reference === 'current') return services.releases.current(app.id);
  const version = /^v?([0-9]{1,9})$/.exec(reference)?.[1];
  const release =
    version === undefined
      ? services.records.releases.byId(reference)
      : services.records.releases.byVersion(app.id, Number(version));
  if (release?.appId === app.id) return release;
  const names = services.records.releases.list(app.id).map((known) => `v${known.version}`);
  throw unknown(
    'release',
    `${app.name} has no release ${version === undefined ? quote(reference) : `v${version}`}.`,
    {
      word: reference,
      candidates: [],
      otherwise: `Its releases are ${names.at(-1) ?? 'none'} to ${names[0] ?? 'none'}: tfk releases -a ${app.name}`,
    },
  );
}

export function findBuild(services: Services, app: AppRecord, id: string): BuildRecord {
  const build = services.records.builds.byId(id);
  if (build?.appId === app.id) return build;
  throw notFound('build', `${app.name} has no build ${quote(id)}.`, `List them: tfk builds -a ${app.name}`);
}

export function findSlug(services: Services, app: AppRecord, id: string): SlugRecord {
  const slug = services.records.slugs.byId(id);
  if (slug?.appId === app.id) return slug;
  if (services.records.slugUploads.byId(id)?.appId === app.id) throw nothingUploaded(app, id);
  throw notFound('slug', `${app.name} has no slug ${quote(id)}.`);
}

const nothingUploaded = (app: AppRecord, id: string): TfkError =>
  new TfkError('invalid_params', `Nothing was uploaded to the slug ${id} yet. Nothing was released.`, {
    hint: `PUT its .tgz to the blob.url that POST /apps/${app.name}/slugs answered.`,
  });

/** By name (`web.1`) or id. */
export function findDyno(services: Services, app: AppRecord, idOrName: string): DynoRecord {
  const dynos = services.records.dynos.list(app.id);
  const dyno = newestOf(dynos, idOrName);
  if (dyno) return dyno;
  throw unknown('dyno', `${app.name} runs no dyno ${quote(idOrName)}.`, {
    word: idOrName,
    candidates: dynos.map(({ name }) => name),
    otherwise: `See what runs: tfk ps -a ${app.name}`,
  });
}

/** While a dyno is replaced two have its name; the newer one is meant. */
function newestOf(dynos: readonly DynoRecord[], idOrName: string): DynoRecord | undefined {
  return dynos.findLast((dyno) => dyno.instance === idOrName || dyno.name === idOrName);
}

/** Entries of the process types that the current release has. */
export function formationOf(services: Services, app: AppRecord): FormationRecord[] {
  const { processTypes } = services.releases.current(app.id);
  return services.records.formation.list(app.id).filter((entry) => processTypes[entry.type] !== undefined);
}

/** By type or id. */
export function findFormation(services: Services, app: AppRecord, typeOrId: string): FormationRecord {
  const formation = formationOf(services, app);
  const entry = formation.find(({ type, id }) => type === typeOrId || id === typeOrId);
  if (entry) return entry;
  throw unknownType(
    app,
    typeOrId,
    formation.map(({ type }) => type),
  );
}

export function unknownType(app: AppRecord, type: string, known: readonly string[]): TfkError {
  return unknown('formation', `${app.name} has no process type ${quote(type)}.`, {
    word: type,
    candidates: known,
    otherwise:
      known.length === 0
        ? `It has none yet: push code with a Procfile (tfk push -a ${app.name}).`
        : `Its process types are ${known.join(', ')}.`,
  });
}

/** One of the user's own, by host name or id. */
export function findDomain(services: Services, app: AppRecord, hostnameOrId: string): DomainRecord {
  const domains = services.records.domains.list(app.id);
  const wanted = hostnameOrId.toLowerCase();
  const domain = domains.find(({ hostname, id }) => hostname === wanted || id === wanted);
  if (domain) return domain;
  throw unknown('domain', `${app.name} has no domain ${quote(hostnameOrId)}.`, {
    word: hostnameOrId,
    candidates: domains.map(({ hostname }) => hostname),
    otherwise: `List them: tfk domains -a ${app.name}`,
  });
}

/** By id or name. */
export function findPipeline(services: Services, idOrName: string): PipelineRecord {
  const pipeline = services.records.pipelines.find(idOrName);
  if (pipeline) return pipeline;
  throw unknown('pipeline', `There is no pipeline ${quote(idOrName)}.`, {
    word: idOrName,
    candidates: services.records.pipelines.list().map(({ name }) => name),
    otherwise: 'List them: tfk pipelines',
  });
}

export function findCoupling(services: Services, id: string): CouplingRecord {
  const coupling = services.records.pipelineCouplings.byId(id);
  if (coupling) return coupling;
  throw notFound('pipeline_coupling', `There is no pipeline coupling ${quote(id)}.`, 'See: tfk pipelines');
}

export function findPromotion(services: Services, id: string): PromotionRecord {
  const promotion = services.records.pipelinePromotions.byId(id);
  if (promotion) return promotion;
  throw notFound('pipeline_promotion', `There is no promotion ${quote(id)}.`);
}

/** By name or id. */
export function findSniEndpoint(services: Services, app: AppRecord, nameOrId: string): SniEndpointRecord {
  const endpoints = services.records.sniEndpoints.list(app.id);
  const endpoint = endpoints.find(({ name, id }) => name === nameOrId || id === nameOrId);
  if (endpoint) return endpoint;
  throw unknown('sni_endpoint', `${app.name} has no SSL certificate ${quote(nameOrId)}.`, {
    word: nameOrId,
    candidates: endpoints.map(({ name }) => name),
    otherwise: `List them: tfk certs -a ${app.name}`,
  });
}

/** By id, token or URL. What was given is not repeated: there may be a password in it. */
export function findLogDrain(services: Services, app: AppRecord, given: string): LogDrainRecord {
  const drain = services.logDrains.find(app.id, given);
  if (drain) return drain;
  throw notFound('log_drain', `${app.name} has no such log drain.`, `List them: tfk drains -a ${app.name}`);
}

/** By name or id. */
export function findAppFeature(services: Services, app: AppRecord, nameOrId: string): AppFeature {
  const features = services.appFeatures.list(app);
  const feature = features.find(({ name }) => [name, featureIdOf(name)].includes(nameOrId));
  if (feature) return feature;
  throw unknown('app_feature', `${app.name} has no feature ${quote(nameOrId)}.`, {
    word: nameOrId,
    candidates: features.map(({ name }) => name),
    otherwise: `List them: tfk features -a ${app.name}`,
  });
}

export function findAppSetup(services: Services, id: string): AppSetupRecord {
  const setup = services.records.appSetups.byId(id);
  if (setup && services.apps.find(setup.appId)) return setup;
  throw notFound('app_setup', `There is no app set-up ${quote(id)}.`, 'See: tfk apps');
}

/** Heroku's clients need the resource `add_on` to go on with their own message. */
export function findAddon(services: Services, idOrName: string): AddonRecord {
  const addon = services.records.addons.find(idOrName);
  if (addon) return addon;
  throw unknown('add_on', `There is no add-on ${quote(idOrName)}.`, {
    word: idOrName,
    candidates: services.records.addons.all().map(({ name }) => name),
    otherwise: 'List them: tfk addons',
  });
}

export function findWebhook({ records }: Services, app: AppRecord, id: string): WebhookRecord {
  const webhook = records.webhooks.find(id);
  if (webhook?.appId === app.id) return webhook;
  const hint = `List them: tfk webhooks -a ${app.name}`;
  throw notFound('webhook', `${app.name} has no webhook ${quote(id)}.`, hint);
}

export function findDelivery({ records }: Services, app: AppRecord, id: string): DeliveryRecord {
  const delivery = records.webhookDeliveries.find(id);
  if (delivery?.appId === app.id) return delivery;
  const hint = `List them: tfk webhooks:deliveries -a ${app.name}`;
  throw notFound('webhook_delivery', `${app.name} has no webhook delivery ${quote(id)}.`, hint);
}

export function findWebhookEvent({ records }: Services, app: AppRecord, id: string): WebhookEventRecord {
  const event = records.webhookEvents.find(id);
  if (event?.appId === app.id) return event;
  const hint = `List them: tfk webhooks:events -a ${app.name}`;
  throw notFound('webhook_event', `${app.name} has no webhook event ${quote(id)}.`, hint);
}

export const attachmentNotFound = (
  name: string,
  app: AppRecord | null,
  attachments: readonly AttachmentRecord[],
): TfkError =>
  unknown('add_on attachment', `There is no attachment ${quote(name)}${app ? ` on ${app.name}` : ''}.`, {
    word: name,
    candidates: attachments.map((attachment) => attachment.name),
    otherwise: 'List them: tfk addons',
  });

const unknown = (resource: string, message: string, help: Help): TfkError =>
  UnknownName.of(resource, message, help);

/** As the user wrote it, but short and on one line. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
