import type { Addon } from '../api/addons.js';
import { ApiError } from './client/errors.js';
import { flag, required } from './command.js';
import type { Context } from './context.js';
import { UsageError } from './errors.js';
import { latestRelease, settled } from './follow/releases.js';
import { openInBrowser } from './output/browser.js';
import { appName } from './output/output.js';
import { visible } from './output/sanitise.js';

export const addonArgument = required('addon', 'its name, or the name under which it is attached');
export const showUrlOption = flag('--show-url', 'print the address, and open nothing');

export const pathOfAddon = (addon: Addon): string => `/apps/${addon.app.id}/addons/${addon.id}`;

/** The add-on that the app's users call so. */
export async function resolveAddon({ client }: Context, name: string, app: string): Promise<Addon> {
  const [found] = await client.post<Addon[]>('/actions/addons/resolve', { addon: name, app });
  if (found) return found;
  throw new UsageError(`${app} has no add-on ${visible(name)}.`, `Type: tfk addons -a ${app}`);
}

/** Attaching and detaching make a release; its command, if it has one, is followed. */
export async function followRelease(
  context: Context,
  app: string,
  before: number | undefined,
): Promise<undefined> {
  const { output } = context;
  const after = await latestRelease(context, app);
  if (!after || after.version === before) return undefined;
  await output.action(
    `Setting config vars and restarting ${appName(output.err, app)}`,
    async () => settled(context, app, after),
    (release) => `v${release.version}`,
  );
  return undefined;
}

export function onNotFound<T>(error: unknown, otherwise: T): T {
  if (error instanceof ApiError && error.status === 404) return otherwise;
  throw error;
}

export async function showPage({ output, config }: Context, url: string, only: boolean): Promise<undefined> {
  output.line(url);
  if (!only && !(await openInBrowser(url, config.env)))
    output.progress('No browser was found here: open it yourself.');
  return undefined;
}
