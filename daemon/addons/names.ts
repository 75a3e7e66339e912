import { TfkError } from '../shared/errors.js';
import type { Store } from '../store/store.js';
import type { AddonService } from './addon.js';

const ATTACHMENT_NAME = /^[A-Z][A-Z0-9_]{0,62}$/;
const ADDON_NAME = /^[a-z][a-z0-9-]{2,62}$/;

export function assertAddonName(name: string): void {
  // The add-on's name is the host name by which containers find it.
  if (!ADDON_NAME.test(name) || name === 'localhost') throw invalidName('add-on', name);
}

/** The name of an attachment of the app that would be made now; no wish: the service's own, e.g. `DATABASE`, or the next that is free. */
export function freeAttachmentName(
  store: Store,
  appId: string,
  service: AddonService,
  wish: string | null,
): string {
  const taken = new Set(store.addons.attachmentsOf(appId).map(({ name }) => name));
  if (wish !== null) return wishedName(taken, wish);
  const candidates = [
    service.defaultAttachment,
    ...Array.from({ length: 98 }, (_, index) => `${service.defaultAttachment}_${index + 2}`),
  ];
  return candidates.find((name) => !taken.has(name)) ?? `${service.defaultAttachment}_${taken.size + 1}`;
}

function wishedName(taken: ReadonlySet<string>, wish: string): string {
  const name = wish.toUpperCase().replaceAll('-', '_');
  if (!ATTACHMENT_NAME.test(name)) throw invalidName('attachment', wish);
  if (!taken.has(name)) return name;
  throw new TfkError('invalid_params', `The app has an attachment ${name} already. Nothing was changed.`, {
    hint: 'Choose another name with --as.',
  });
}

const invalidName = (what: string, name: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${JSON.stringify(name.slice(0, 80))} cannot be the name of an ${what}. Nothing was created.`,
    {
      hint: 'Letters, digits and dashes, beginning with a letter.',
    },
  );
