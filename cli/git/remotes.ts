import type { GitProgram } from './program.js';

export interface Remote {
  readonly name: string;
  readonly url: string;
}

/** An app of a tfkd on this machine; Heroku's own addresses are Heroku's. */
const OURS = /^(https?:\/\/(?:[^@/\s]*@)?(?:127\.0\.0\.1|localhost)(?::\d+)?\/)([a-z][a-z0-9-]*)\.git\/?$/;

export const appOfUrl = (url: string): string | null => OURS.exec(url)?.[2] ?? null;

/** The remotes in the text of a `.git/config`. */
export function remotesIn(gitConfig: string): Remote[] {
  const sections = gitConfig.matchAll(/^\s*\[remote "([^"\n]+)"\]\s*\n((?:(?!\s*\[).*\n?)*)/gm);
  return [...sections].flatMap(([, name = '', body = '']) => {
    const url = /^\s*url\s*=\s*(\S+)\s*$/m.exec(body)?.[1];
    return url === undefined ? [] : [{ name, url }];
  });
}

/** Remotes of the folder's repository that lead to the app get its new name; none where there is no git. */
export async function renameRemotes(git: GitProgram, app: string, name: string): Promise<void> {
  for (const remote of await remotesOf(git, app)) {
    await git.tries('remote', 'set-url', remote.name, remote.url.replace(OURS, `$1${name}.git`));
  }
}

export async function removeRemotes(git: GitProgram, app: string): Promise<void> {
  for (const remote of await remotesOf(git, app)) await git.tries('remote', 'remove', remote.name);
}

async function remotesOf(git: GitProgram, app: string): Promise<Remote[]> {
  const listed = (await git.tries('config', '--local', '--get-regexp', '^remote\\..*\\.url$')) ?? '';
  const remotes = listed.split('\n').flatMap((line) => {
    const [, name, url] = /^remote\.(.+)\.url (\S+)$/.exec(line) ?? [];
    return name === undefined || url === undefined ? [] : [{ name, url }];
  });
  return remotes.filter(({ url }) => appOfUrl(url) === app);
}
