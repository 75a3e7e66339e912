import { Range, coerce, intersects, minVersion, satisfies } from 'semver';
import type { Language, Runtime } from '../../../../buildpacks/plan.js';
import { OFFICIAL_IMAGES, type OfficialImages } from './official-images.js';

/** Which images serve a runtime, the best first; a message where none can. */
export type BaseChoice =
  | { readonly ok: true; readonly refs: readonly string[]; readonly setting: string }
  | { readonly ok: false; readonly message: string };

/** What is not called as its language is. */
const SETTINGS: Readonly<Partial<Record<Language, string>>> = {
  none: 'PROCFILE',
  'heroku-build': 'BUILDPACK',
};

/** `TFK_BASE_IMAGE_NODE`: what people type to change the image of a language. */
export const settingOf = (language: Language): string =>
  `TFK_BASE_IMAGE_${SETTINGS[language] ?? language.toUpperCase()}`;

/** The images for a runtime: the configured one, or official ones. */
export function chooseBase(runtime: Runtime, configured: string | undefined): BaseChoice {
  const { language, range } = runtime;
  const setting = settingOf(language);
  if (configured !== undefined) return { ok: true, refs: [configured], setting };
  const official = OFFICIAL_IMAGES[language];
  const lines = official.lines.filter((line) => range === null || hasNewest(range, line));
  const exact = lines.length > 0 || range === null ? null : closestTag(range);
  const tags = exact === null ? lines : [exact];
  if (tags.length > 0) return { ok: true, refs: tags.map(official.image), setting };
  const message = `${asked(runtime)}and no image is known for that: the usual ones are ${usual(official)}. Change the version, or name an image with ${setting}.`;
  return { ok: false, message };
}

/** What the source asks for, as the first half of a sentence; empty where it asks for nothing. */
export const asked = (runtime: Runtime): string => (runtime.asked === null ? '' : `${runtime.asked}, `);

const usual = ({ lines, image }: OfficialImages): string => lines.map(image).join(', ');

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

/** Is what the image says of its own version against the range? Then that version, as the language's users write it. */
export function refusedVersion({ language, range }: Runtime, env: readonly string[]): string | null {
  const { variable } = OFFICIAL_IMAGES[language];
  if (language === 'none' || variable === null || range === null) return null;
  const told = env.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1);
  const version = coerce(told)?.version;
  if (version === undefined || satisfies(version, range, { includePrerelease: true })) return null;
  return language === 'node' ? `v${version}` : version;
}
