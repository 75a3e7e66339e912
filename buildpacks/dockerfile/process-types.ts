import { closest } from '../did-you-mean.js';
import type { ProcessTypes } from '../procfile.js';
import type { HerokuYml, Run } from './heroku-yml.js';

export interface Assigned {
  /** Image → the process types that run in it. */
  readonly serves: Readonly<Record<string, readonly string[]>>;
  /** Image → the command by which a type asks for the image as it is. */
  readonly commands: Readonly<Record<string, string>>;
  /** Process type → command, where heroku.yml or a Dockerfile says it. */
  readonly types: ProcessTypes;
  readonly warnings: readonly string[];
}

interface Known {
  /** The main one first; `command` is what its Dockerfile says that it runs. */
  readonly images: readonly { readonly name: string; readonly command: string | null }[];
  readonly procfile: ProcessTypes;
}

/**
 * Each image is a process type of its name, and `run` and `release` name more. What none of them gives a command runs its
 * image as it is. Throws a PlanError for a type that cannot be run.
 */
export function assignTypes(file: HerokuYml, { images, procfile }: Known): Assigned {
  const serves = new Map<string, string[]>(images.map(({ name }) => [name, []]));
  const commands = new Map<string, string>();
  const types = new Map<string, string>();
  const main = images[0]?.name ?? '';
  for (const type of new Set([...serves.keys(), ...Object.keys(file.run)])) {
    const run = runOf(file, type);
    const name = imageOf(type, run, { serves, main, file });
    serves.get(name)?.push(type);
    if (run.command !== null) types.set(type, run.command);
    // Only after the build is it known what the main image runs; it is `web` without being asked.
    else if (!Object.hasOwn(procfile, type) && !(type === 'web' && name === main)) {
      const own = ownCommand(file, type, images.find((image) => image.name === name)?.command);
      commands.set(name, own);
      types.set(type, own);
    }
  }
  return {
    serves: Object.fromEntries(serves),
    commands: Object.fromEntries(commands),
    types: Object.fromEntries(types),
    warnings: [...types.keys()]
      .filter((type) => Object.hasOwn(procfile, type))
      .map((type) => `heroku.yml: the command of ${type} is not used: the Procfile declares ${type}`),
  };
}

function runOf(file: HerokuYml, type: string): Run {
  const run = Object.hasOwn(file.run, type) ? file.run[type] : undefined;
  return run ?? { command: null, image: null };
}

/** What the type's Dockerfile runs. A release command has to be written down: no image is made for that alone. */
function ownCommand(file: HerokuYml, type: string, command: string | null | undefined): string {
  if (command != null && type !== 'release') return command;
  const what = type === 'release' ? 'it has no command' : 'it has no command, and neither has its Dockerfile';
  throw file.problem(pathOf(type), what, `Write the command of ${type} into heroku.yml.`);
}

function imageOf(
  type: string,
  run: Run,
  known: { readonly serves: ReadonlyMap<string, unknown>; readonly main: string; readonly file: HerokuYml },
): string {
  const { serves, main, file } = known;
  if (run.image === null) return serves.has(type) ? type : main;
  if (serves.has(run.image)) return run.image;
  const meant = closest(run.image, [...serves.keys()]);
  const hint =
    meant === null ? `build.docker names ${[...serves.keys()].join(', ')}.` : `Did you mean ${meant}?`;
  throw file.problem(`${pathOf(type)}/image`, `there is no image ${run.image} in build.docker`, hint);
}

const pathOf = (type: string): string => (type === 'release' ? 'release' : `run/${type}`);
