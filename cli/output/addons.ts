import type { Addon, AddonDetails } from '../../api/addons.js';
import type { Attachment } from '../../api/attachments.js';
import { ago } from './time.js';

/** The names under which an add-on is attached; those of other apps with the app before them. */
export function attachedAs(item: Addon, attachments: readonly Attachment[]): string {
  return attachments
    .filter((attachment) => attachment.addon.id === item.id)
    .map(({ name, app }) => (app.name === item.app.name ? name : `${app.name}::${name}`))
    .join(', ');
}

/** The other apps that lose it with its owner, as part of a sentence; empty where there are none. */
export function alsoLostBy(item: Addon, attachments: readonly Attachment[]): string {
  const others = attachments
    .filter(({ addon, app }) => addon.id === item.id && app.name !== item.app.name)
    .map(({ app }) => app.name);
  return others.length === 0 ? '' : `, also for ${[...new Set(others)].join(', ')}`;
}

/** The add-on's own facts may say the same under the same label, and better. */
export function addonFacts(found: AddonDetails, now: Date): [string, string | string[]][] {
  const labels = new Set(found.facts.map(([label]) => label));
  const common: [string, string | string[]][] = [
    ['Plan', found.plan.name],
    [labels.has('Status') ? 'Status' : 'State', found.state],
    ['Owning app', found.app.name],
    ['Config vars', found.config_vars],
    ['Created', ago(found.created_at, now)],
  ];
  return [...common.filter(([label]) => !labels.has(label)), ...found.facts];
}
