import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { satisfies } from 'semver';
import type { Runtime } from '../../../../buildpacks/plan.js';

const run = promisify(execFile);

export type FoundRuntime =
  { readonly ok: true; readonly version: string } | { readonly ok: false; readonly message: string };

/** Is what the plan asks for on this machine? The embedded engine installs no runtimes: it uses the PATH's. */
export async function findRuntime({ language, range }: Runtime, path: string): Promise<FoundRuntime> {
  if (language === 'none') return { ok: true, version: 'none' };
  if (language !== 'node') {
    return {
      ok: false,
      message: `The embedded engine has no ${language}: it builds Node.js and plain Procfile apps.`,
    };
  }
  const version = await nodeVersion(path);
  if (version === null) {
    return { ok: false, message: 'There is no node in the PATH that builds run with: install Node.js.' };
  }
  if (range === null || satisfies(version, range, { includePrerelease: true })) return { ok: true, version };
  return {
    ok: false,
    message: `package.json asks for Node.js ${range} in engines.node, and this machine has ${version}. Change the range, or run tfkd with another Node.js.`,
  };
}

async function nodeVersion(path: string): Promise<string | null> {
  try {
    const { stdout } = await run('node', ['--version'], { env: { PATH: path }, timeout: 20_000 });
    return stdout.trim();
  } catch {
    return null;
  }
}
