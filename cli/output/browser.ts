import { spawn } from 'node:child_process';

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  linux: ['xdg-open', 'sensible-browser'],
};

/** Hands a web address to the desktop; false where there is none. */
export async function openInBrowser(url: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  for (const program of OPENERS[process.platform] ?? []) {
    if (await started(program, url, env)) return true;
  }
  return false;
}

function started(program: string, url: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [url], { detached: true, stdio: 'ignore', env });
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
    child.once('error', () => resolve(false));
  });
}
