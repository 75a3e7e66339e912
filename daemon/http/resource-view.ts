import type { AppRecord } from '../store/apps.js';
import type { ResourceKind, ResourceRef } from '../store/changes.js';
import { addonJson, attachmentJson } from './addon-json.js';
import { appJson } from './routes/apps.js';
import { buildJson } from './routes/builds.js';
import { collaboratorJson } from './routes/collaborators.js';
import { domainJson } from './routes/domains.js';
import { dynoJson } from './routes/dynos.js';
import { formationJson } from './routes/formation.js';
import { releaseJson } from './routes/releases.js';
import { endpointJson } from './routes/sni-endpoints.js';
import type { Services } from './services.js';

/** A resource as the API tells it to whoever asks. */
export interface ResourceView {
  readonly json: Readonly<Record<string, unknown>>;
  /** E-mail address of the user of whom the resource knows that they made it. */
  readonly user: string | null;
}

interface Asked {
  readonly services: Services;
  /** What the addresses in it begin with. */
  readonly baseUrl: string;
  readonly app: AppRecord;
  readonly id: string;
}

type View = (asked: Asked) => ResourceView | null;

const by = (json: object | undefined, user: string | null = null): ResourceView | null =>
  json === undefined ? null : { json: json as ResourceView['json'], user };

/** For each kind of resource the reply that its route gives, so that a webhook's receiver reads what a client reads. */
const VIEWS: Record<ResourceKind, View> = {
  app: ({ services, app }) => (app.destroyedAt === null ? by(appJson(services, app)) : null),
  release({ services, baseUrl, app, id }) {
    const release = services.records.releases.byId(id);
    return release ? by(releaseJson(services, baseUrl, app, release), release.userEmail) : null;
  },
  build({ services, baseUrl, id }) {
    const build = services.records.builds.byId(id);
    return build ? by(buildJson(services, baseUrl, build), build.userEmail) : null;
  },
  dyno({ services, app, id }) {
    const dyno = services.records.dynos.find(id);
    return by(dyno && dynoJson(app, dyno));
  },
  formation({ services, app, id }) {
    const entry = services.records.formation.list(app.id).find(({ type }) => type === id);
    return by(entry && formationJson(services, app, entry));
  },
  domain({ services, app, id }) {
    const domain = services.records.domains.list(app.id).find((known) => known.id === id);
    return by(domain && domainJson(services, app, domain));
  },
  'sni-endpoint'({ services, app, id }) {
    const endpoint = services.records.sniEndpoints.list(app.id).find((known) => known.id === id);
    return by(endpoint && endpointJson(services, app, endpoint));
  },
  collaborator({ services, app, id }) {
    const record = services.records.collaborators.list(app.id).find((known) => known.id === id);
    const user = record && services.account.user(record.userId);
    return by(user && collaboratorJson(app, user, record));
  },
  addon({ services, id }) {
    const addon = services.records.addons.find(id);
    return by(addon && addonJson(services, addon));
  },
  'addon-attachment'({ services, id }) {
    const attachment = services.records.addons.attachments().find((known) => known.id === id);
    const addon = attachment && services.records.addons.find(attachment.addonId);
    return by(attachment && addon && attachmentJson(services, attachment, addon));
  },
};

/** Null where there is no such resource, or not any more. */
export function resourceView(services: Services, baseUrl: string, ref: ResourceRef): ResourceView | null {
  const app = services.records.apps.find(ref.appId);
  return app ? VIEWS[ref.kind]({ services, baseUrl, app, id: ref.id }) : null;
}
