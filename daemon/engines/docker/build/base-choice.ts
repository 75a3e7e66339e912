import { Range, intersects, minVersion, satisfies } from 'semver';
import type { Runtime } from '../../../../buildpacks/plan.js';

/** Long-term support lines of Node.js, the newest first. */
const NODE_LINES = [24, 22, 20];

/** Which images serve a runtime, the best first; a message where none can. */
export type BaseChoice =
  | { readonly ok: true; readonly refs: readonly string[]; readonly setting: string }
  | { readonly ok: false; readonly message: string };

/** `TFK_BASE_IMAGE_NODE`: what people type to change the image of a language. */
export function settingOf(language: string): string {
  return `TFK_BASE_IMAGE_${language === 'none' ? 'PROCFILE' : language.toUpperCase()}`;
}

/** The images for a runtime: the configured one, or official ones. */
export function chooseBase(runtime: Runtime, configured: string | undefined): BaseChoice {
  const setting = settingOf(runtime.language);
  if (configured !== undefined) return { ok: true, refs: [configured], setting };
  switch (runtime.language) {
    case 'node':
      return nodeChoice(runtime.range, setting);
    // A plain Procfile may say `node server.js`, and finds the host's Node.js on the embedded engine; so it does here.
    case 'none':
      return nodeChoice(null, setting);
    default:
      return {
        ok: false,
        message: `There is no base image for ${runtime.language}: name one with ${setting}.`,
      };
  }
}

function nodeChoice(range: string | null, setting: string): BaseChoice {
  const lines = NODE_LINES.filter((line) => range === null || hasNewest(range, String(line)));
  if (lines.length > 0) return { ok: true, refs: lines.map((line) => nodeImage(String(line))), setting };
  const exact = range === null ? null : closestTag(range);
  if (exact !== null) return { ok: true, refs: [nodeImage(exact)], setting };
  const message = `package.json asks for Node.js ${range} in engines.node, and no image is known for that. Change the range, or name an image with ${setting}.`;
  return { ok: false, message };
}

const nodeImage = (tag: string): string => `node:${tag}-slim`;

/** The shortest of `18`, `18.4`, `18.4.1` whose newest version the range allows; null for a range that nothing satisfies. */
function closestTag(range: string): string | null {
  const least = isPossible(range) ? minVersion(range) : null;
  if (least === null || least.major === 0) return null;
  const tags = [`${least.major}`, `${least.major}.${least.minor}`];
  return tags.find((tag) => hasNewest(range, tag)) ?? least.version;
}

/** Does the range allow the last version that a line (`20`, `20.4`) will ever have? */
function hasNewest(range: string, line: string): boolean {
  const [major = '0', minor = '9999'] = line.split('.');
  return satisfies(`${major}.${minor}.9999`, range);
}

const isPossible = (range: string): boolean => intersects(new Range(range), '*');

/** Is what the image says of its own Node.js version (official ones do, in NODE_VERSION) against the range? */
export function refusedVersion({ language, range }: Runtime, env: readonly string[]): string | null {
  if (language !== 'node' || range === null) return null;
  const version = env.find((line) => line.startsWith('NODE_VERSION='))?.slice('NODE_VERSION='.length);
  if (version === undefined || satisfies(version, range, { includePrerelease: true })) return null;
  return `v${version}`;
}
