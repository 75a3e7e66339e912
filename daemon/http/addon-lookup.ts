import type { ResolveAddon } from '../../api/index.js';
import { notFound, TfkError } from '../shared/errors.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';
import type { AppRecord } from '../store/apps.js';
import { attachmentNotFound, findAddon, findApp, quote } from './find.js';
import type { Services } from './services.js';

/** What names of add-ons and attachments mean, in all the ways in which Heroku's clients write them. */

export interface Attached {
  readonly attachment: AttachmentRecord;
  readonly addon: AddonRecord;
}

/** Those that the app owns, and those of others that are attached to it. */
export function addonsOf(services: Services, app: AppRecord): AddonRecord[] {
  const attached = new Set(services.records.addons.attachmentsOf(app.id).map(({ addonId }) => addonId));
  return services.records.addons.all().filter(({ id, appId }) => appId === app.id || attached.has(id));
}

export function findAddonOf(services: Services, params: { app: string; addon: string }): AddonRecord {
  const app = findApp(services, params.app);
  const other = /^([^:]+)::/.exec(params.addon)?.[1];
  // Only the app of the path was looked at, whether the requester may see it.
  if (other !== undefined && other !== app.name && other !== app.id)
    throw notFoundOn(services, app, params.addon);
  return resolveAddon(services, { addon: params.addon, app: app.id });
}

/** Only its owner changes an add-on. */
export function ownAddonOf(services: Services, params: { app: string; addon: string }): AddonRecord {
  const addon = findAddonOf(services, params);
  if (findApp(services, params.app).id === addon.appId) return addon;
  const owner = services.apps.find(addon.appId)?.name ?? 'another app';
  throw new TfkError('forbidden', `${addon.name} belongs to ${owner}. Nothing was changed.`, {
    hint: `Detach it here (tfk addons:detach), or destroy it there: tfk addons:destroy ${addon.name} -a ${owner}`,
  });
}

/**
 * By id or name; within an app also by the name of its attachment (`DATABASE`, `DATABASE_URL`), its service or its plan.
 * `app::DATABASE` says the app itself.
 */
export function resolveAddon(services: Services, asked: ResolveAddon): AddonRecord {
  const [, appName = asked.app, reference = asked.addon] = /^([^:]+)::(.+)$/.exec(asked.addon) ?? [];
  if (appName == null) return findAddon(services, reference);
  const app = findApp(services, appName);
  const own = addonsOf(services, app).filter(
    ({ service }) => asked.addon_service == null || isService(services, service, asked.addon_service),
  );
  const meant = meantBy(services, app, { own, reference });
  if (meant.length > 1) throw ambiguous(reference, meant);
  if (meant[0]) return meant[0];
  throw notFoundOn(services, app, reference);
}

function meantBy(
  services: Services,
  app: AppRecord,
  { own, reference }: { own: readonly AddonRecord[]; reference: string },
): AddonRecord[] {
  const exact = own.filter(({ id, name }) => id === reference || name === reference);
  if (exact.length > 0) return exact;
  const names = [reference.toUpperCase(), reference.toUpperCase().replace(/_URL$/, '')];
  const attached = services.records.addons.attachmentsOf(app.id).filter(({ name }) => names.includes(name));
  if (attached.length > 0) return own.filter(({ id }) => attached.some(({ addonId }) => addonId === id));
  const [service = '', plan] = reference.split(':');
  return own.filter(
    (addon) =>
      isService(services, addon.service, service) &&
      (plan === undefined || addon.plan === `${addon.service}:${plan}`),
  );
}

/** By our own name or Heroku's. */
const isService = (services: Services, name: string, asked: string): boolean =>
  name === asked ||
  services.addons.services().some((known) => known.name === name && known.herokuName === asked);

type Visible = (appId: string) => boolean;

/** Of an app, or of all those that the requester may see. */
export function attachedOf(services: Services, app: AppRecord | null, isVisible: Visible): Attached[] {
  const addons = new Map(services.records.addons.all().map((addon) => [addon.id, addon]));
  const attachments =
    app === null
      ? services.records.addons.attachments().filter(({ appId }) => isVisible(appId))
      : services.records.addons.attachmentsOf(app.id);
  return attachments.flatMap((attachment) => {
    const addon = addons.get(attachment.addonId);
    return addon ? [{ attachment, addon }] : [];
  });
}

/**
 * By id, or by name within an app; also `app::NAME`, a config var that it gives (`DATABASE_URL`), or the add-on's name. One
 * add-on may be attached several times.
 */
export function resolveAttachments(
  services: Services,
  reference: string,
  app: AppRecord | null,
  isVisible: Visible,
): Attached[] {
  const [, appName, name = reference] = /^([^:]+)::(.+)$/.exec(reference) ?? [];
  const owner = appName === undefined ? app : findApp(services, appName);
  const attached = attachedOf(services, owner, isVisible);
  const upper = name.toUpperCase();
  const ways: ((candidate: Attached) => boolean)[] = [
    ({ attachment }) => attachment.id === name || attachment.name === upper,
    ({ attachment }) => services.addons.configKeys(attachment).includes(upper),
    ({ addon }) => addon.id === name || addon.name === name,
  ];
  const found = ways.map((fits) => attached.filter(fits)).find(({ length }) => length > 0);
  if (found) return found;
  throw attachmentNotFound(
    name,
    owner,
    attached.map(({ attachment }) => attachment),
  );
}

/** The one that is meant; a bare name without an app is taken where only one app has it. */
export function findAttachment(
  services: Services,
  reference: string,
  app: AppRecord | null,
  isVisible: Visible,
): Attached {
  const found = resolveAttachments(services, reference, app, isVisible);
  const [first] = found;
  if (first && found.length === 1) return first;
  const apps = found.map(
    ({ attachment }) => `${services.apps.find(attachment.appId)?.name}::${attachment.name}`,
  );
  throw manyMatch(reference, 'attachment', apps);
}

function notFoundOn(services: Services, app: AppRecord, reference: string): TfkError {
  const known = addonsOf(services, app).map(({ name }) => name);
  const hint =
    known.length === 0 ? `It has none: tfk addons:create -a ${app.name}` : `It has ${known.join(', ')}.`;
  return notFound('add_on', `${app.name} has no add-on ${quote(reference)}.`, hint);
}

const ambiguous = (reference: string, addons: readonly AddonRecord[]): TfkError =>
  manyMatch(
    reference,
    'add-on',
    addons.map(({ name }) => name),
  );

/** Begins as Heroku's does: its clients take an example out of it. */
const manyMatch = (reference: string, what: string, names: readonly string[]): TfkError =>
  new TfkError(
    'multiple_matches',
    `Ambiguous identifier ${quote(reference)}; more than one ${what} matches: ${names.join(', ')}.`,
    { hint: `Name one of ${names.join(', ')}.`, suggestions: names },
  );
