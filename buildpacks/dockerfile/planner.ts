import { posix } from 'node:path';
import { anyVersionOf, planOn, type BuildPlan, type ImageBuild } from '../plan.js';
import { PlanError, type PlanContext, type Planner } from '../planner.js';
import { readProcfile } from '../procfile.js';
import type { SourceTree } from '../source.js';
import { describeImage, type DescribedImage } from './describe.js';
import { asksForImages, parseHerokuYml, type HerokuYml } from './heroku-yml.js';
import { assignTypes, type Assigned } from './process-types.js';
import { parseDockerfile } from './stages.js';

/** The user's own Dockerfile, or several by heroku.yml: the images they make are the slug. */
export const dockerfilePlanner: Planner = {
  name: 'dockerfile',
  looksFor: 'Dockerfile or heroku.yml (images of your own, on the Docker engine)',
  detect: (source, context) => wantsImages(context) && hasDockerfile(source),
  plan: (source) => {
    const yaml = source.read('heroku.yml');
    return yaml !== null && asksForImages(yaml) ? planOfHerokuYml(source, yaml) : planOfDockerfile(source);
  },
};

/** Can the app be built of images, and may it? */
export const wantsImages = ({ images, stack }: PlanContext): boolean => images && stack !== 'heroku-24';

/** Does the source ask for images, whether or not the engine can build them? */
export function hasDockerfile(source: SourceTree): boolean {
  const yaml = source.read('heroku.yml');
  return source.has('Dockerfile') || (yaml !== null && asksForImages(yaml));
}

/** One image as heroku.yml, or a lone Dockerfile, asks for it. */
interface Wanted {
  readonly name: string;
  readonly dockerfile: string;
  readonly target: string | null;
}

function planOfDockerfile(source: SourceTree): BuildPlan {
  const wanted = { name: 'web', dockerfile: 'Dockerfile', target: null };
  const described = describe(source, wanted, {});
  const images = [imageBuild(wanted, described, { args: {}, serves: ['web'], command: null })];
  const unused = source.has('heroku.yml') ? ['heroku.yml is not used: it has no build.docker'] : [];
  return planOf(images, { described: [described], warnings: unused, types: {} });
}

function planOfHerokuYml(source: SourceTree, yaml: string): BuildPlan {
  const file = parseHerokuYml(yaml);
  if (file.images.length === 0) throw file.problem('build/docker', 'names no image');
  const wanted = [...file.images]
    .sort((one, other) => rank(one) - rank(other))
    .map((image) => found(source, file, image));
  const described = wanted.map((image) => describe(source, image, file.args));
  const assigned = assignTypes(file, {
    images: wanted.map(({ name }, index) => ({ name, command: described[index]?.command ?? null })),
    procfile: readProcfile(source) ?? {},
  });
  const images = wanted.map((image, index) =>
    imageBuild(image, described[index] as DescribedImage, {
      args: file.args,
      ...roleOf(image.name, assigned),
    }),
  );
  return planOf(images, {
    described,
    warnings: [...file.warnings, ...assigned.warnings],
    types: assigned.types,
  });
}

/** The image of `web` is the main one; else the first of the file. */
const rank = ({ name }: Wanted): number => (name === 'web' ? 0 : 1);

function roleOf(name: string, { serves, commands }: Assigned) {
  return { serves: serves[name] ?? [], command: commands[name] ?? null };
}

/** The image with its Dockerfile's path as the source has it. Throws where that is no file of the source. */
function found(source: SourceTree, file: HerokuYml, image: Wanted): Wanted {
  const path = posix.normalize(image.dockerfile).replace(/^\.\//, '');
  const outside = path.startsWith('/') || path === '..' || path.startsWith('../');
  if (outside || !source.has(path)) {
    const hint = outside ? 'Write the path from the root of the source, without a leading /.' : undefined;
    throw file.problem(`build/docker/${image.name}`, `the source has no file ${image.dockerfile}`, hint);
  }
  return { ...image, dockerfile: path };
}

function describe(
  source: SourceTree,
  { dockerfile, target }: Wanted,
  args: Readonly<Record<string, string>>,
): DescribedImage {
  const text = source.read(dockerfile);
  if (text === null) throw new PlanError(`${dockerfile} is not a regular file of at most 64 KiB.`);
  return describeImage(parseDockerfile(text, dockerfile, args), target);
}

function imageBuild(
  { name, dockerfile, target }: Wanted,
  { bases }: DescribedImage,
  role: Pick<ImageBuild, 'args' | 'serves' | 'command'>,
): ImageBuild {
  const folder = posix.dirname(dockerfile);
  return { name, dockerfile, context: folder === '.' ? '' : folder, target, bases, ...role };
}

function planOf(
  images: readonly ImageBuild[],
  {
    described,
    warnings,
    types,
  }: {
    readonly described: readonly DescribedImage[];
    readonly warnings: readonly string[];
    readonly types: Readonly<Record<string, string>>;
  },
): BuildPlan {
  const once = (lines: readonly string[]) => [...new Set(lines)];
  return {
    ...planOn(anyVersionOf('none')),
    planner: 'dockerfile',
    label: 'Docker',
    notes: once([...images.map(noteOf), ...described.flatMap(({ notes }) => notes)]),
    warnings: once([...warnings, ...described.flatMap((image) => image.warnings)]),
    images,
    defaultProcessTypes: types,
  };
}

function noteOf({ name, dockerfile, target }: ImageBuild): string {
  return `Image ${name} from ${dockerfile}${target === null ? '' : `, stage ${target}`}`;
}
