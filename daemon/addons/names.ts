import { TfkError } from '../shared/errors.js';
import type { AttachmentRecord } from '../store/addons.js';
import type { AppRecord } from '../store/apps.js';
import type { Store } from '../store/store.js';
import type { AddonService } from './addon.js';

const ATTACHMENT_NAME = /^[A-Z][A-Z0-9_]{0,62}$/;
const ADDON_NAME = /^[a-z][a-z0-9-]{2,62}$/;

export function assertAddonName(name: string): void {
  // The add-on's name is the host name by which containers find it.
  if (!ADDON_NAME.test(name) || name === 'localhost') throw invalidName('add-on', name);
}

/** Neither the name of another add-on, nor that under which containers find one which was renamed. */
export function assertNameIsFree(store: Store, name: string, id: string): void {
  if (!store.addons.isTaken(name, id)) return;
  throw new TfkError('invalid_params', `The add-on name ${name} is taken. Nothing was changed.`);
}

export interface AttachmentWish {
  readonly app: Pick<AppRecord, 'id' | 'name'>;
  readonly service: AddonService;
  /** Null: the service's own, e.g. `DATABASE`, or the next that is free. */
  readonly name: string | null;
  /** The app's name, from a user who knows that what has the name now loses it. */
  readonly confirm: string | null;
}

export interface FreeName {
  readonly name: string;
  /** What has the name now, and is detached for it. */
  readonly replaces: AttachmentRecord | undefined;
}

/** How an attachment that is made now is called. Rejects with `confirmation_required` where it would push something out. */
export function attachmentName(store: Store, wish: AttachmentWish): FreeName {
  const attachments = store.addons.attachmentsOf(wish.app.id);
  const own = ownConfigKeys(store, wish.app.id);
  const overwritten = (name: string) => wish.service.configKeys(name).filter((key) => own.has(key));
  const holder = (name: string) => attachments.find((attachment) => attachment.name === name);
  if (wish.name === null) {
    const isFree = (name: string) => holder(name) === undefined && overwritten(name).length === 0;
    return { name: firstFree(wish.service.defaultAttachment, isFree), replaces: undefined };
  }
  const name = wish.name.toUpperCase().replaceAll('-', '_');
  if (!ATTACHMENT_NAME.test(name)) throw invalidName('attachment', wish.name);
  const replaces = holder(name);
  const lost = replaces ? wish.service.configKeys(name) : overwritten(name);
  if (lost.length > 0 && wish.confirm !== wish.app.name) throw unconfirmed(name, wish.app.name, lost);
  return { name, replaces };
}

function firstFree(base: string, isFree: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}_${number}`;
    if (isFree(name)) return name;
  }
}

/** Config vars that the user has set, not an add-on. */
function ownConfigKeys(store: Store, appId: string): ReadonlySet<string> {
  const current = store.releases.current(appId);
  const bound = new Set(current?.bindings.flatMap(({ keys }) => keys));
  return new Set(Object.keys(current?.config ?? {}).filter((key) => !bound.has(key)));
}

/** Heroku's words; its clients ask for the app's name then, and send the request again. */
const unconfirmed = (name: string, app: string, lost: readonly string[]): TfkError =>
  new TfkError(
    'confirmation_required',
    `Adding ${name} to app ${app} would overwrite existing vars ${lost.join(', ')}. Nothing was changed.`,
    { hint: `Confirm it with --confirm ${app}, or choose another name with --as.` },
  );

const invalidName = (what: string, name: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${JSON.stringify(name.slice(0, 80))} cannot be the name of an ${what}. Nothing was changed.`,
    {
      hint: 'Letters, digits and dashes, beginning with a letter.',
    },
  );
