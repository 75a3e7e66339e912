import { basename } from 'node:path';
import type { App } from '../../api/apps.js';
import { linkFolder, type AppChoice } from '../app-name.js';
import { ApiError } from '../client/errors.js';
import { pathOfApp, type Context } from '../context.js';
import { appName } from '../output/output.js';

export interface Wanted {
  /** Absolute. */
  readonly folder: string;
  /** What names the app already; null for a folder's first push. */
  readonly choice: AppChoice | null;
  /** A name for an app that is to be made. */
  readonly newName: string | undefined;
}

/** The app that a folder is pushed to: made, and the folder tied to it, on its first push. */
export async function appForFolder(context: Context, wanted: Wanted): Promise<App> {
  const { choice, folder, newName } = wanted;
  if (newName !== undefined) return create(context, newName, folder);
  if (choice === null) return create(context, await freeName(context, basename(folder)), folder);
  try {
    return await context.client.get<App>(pathOfApp(choice.name));
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404 && choice.from === 'folder')) throw error;
    context.output.warn(`This folder belongs to ${choice.name}, which is no more: it is made anew.`);
    return create(context, choice.name, folder);
  }
}

async function create(context: Context, name: string, folder: string): Promise<App> {
  const { client, output } = context;
  const app = await output.action(`Creating ${appName(output.err, name)}`, () =>
    client.post<App>('/apps', { name }),
  );
  await linkFolder(folder, app.name);
  return app;
}

/** The folder's name as an app's: `users-api`, or `users-api-2` where another folder has that. */
async function freeName(context: Context, folderName: string): Promise<string> {
  const taken = new Set((await context.client.list<App>('/apps')).map((app) => app.name));
  const name = slugified(folderName);
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name.slice(0, 26)}-${number}`;
  return free;
}

/** App names have 3 to 30 small letters, digits and single dashes, and begin with a letter. */
export function slugified(text: string): string {
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const name = /^[a-z]/.test(words) ? words : `app-${words}`;
  const cut = name.slice(0, 30).replace(/-$/, '');
  return cut.length >= 3 ? cut : `${cut}-app`;
}
