import { PlanError, type PlanContext } from '../planner.js';
import type { SourceTree } from '../source.js';
import { isShowable, namesBuilder, PROJECT_FILE, readProject, type Project } from './project.js';

/** The config var that names the builder of an app. */
export const BUILDER_VAR = 'TFK_BUILDER';

export interface WantedBuilder {
  readonly image: string;
  /** Who names it, as the first word of a sentence. */
  readonly by: string;
  readonly project: Project | null;
}

/** Is there a builder that is to build the source? */
export interface BuilderWish {
  readonly builder: WantedBuilder | null;
  /** What is said of a project.toml that is not used. */
  readonly warnings: readonly string[];
}

const none = (...warnings: readonly string[]): BuilderWish => ({ builder: null, warnings });

/**
 * TFK_BUILDER is the app's word, and goes before the source's, as `pack --builder` does. What else is set on the app contradicts
 * it, and goes before project.toml. Throws a PlanError for a contradiction, and where there is no engine for images.
 */
export function wishOf(source: SourceTree, context: PlanContext): BuilderWish {
  const image = context.config[BUILDER_VAR]?.trim() ?? '';
  if (image === '') return ofProject(source, context);
  if (!isShowable(image))
    throw new PlanError(`${BUILDER_VAR} is no name of an image.`, 'One is like heroku/builder:24.');
  const unfit = unfitFor(context);
  if (unfit !== null)
    throw new PlanError(
      `${BUILDER_VAR} names the builder ${image}, and ${unfit.why}.`,
      `${unfit.hint}, or do without the builder by \`tfk config:unset ${BUILDER_VAR}\`.`,
    );
  return { builder: { image, by: BUILDER_VAR, project: readProject(source) }, warnings: [] };
}

function ofProject(source: SourceTree, context: PlanContext): BuilderWish {
  if (!source.has(PROJECT_FILE)) return none();
  const unfit = unfitFor(context);
  if (unfit !== null) return none(...unusedProject(source, unfit));
  const read = readUnlessUnused(source);
  if (read.broken !== null) return none(read.broken);
  const { project } = read;
  if (project?.builder != null)
    return { builder: { image: project.builder, by: PROJECT_FILE, project }, warnings: [] };
  return none(...withoutBuilder(project?.asks ?? []));
}

type Read =
  | { readonly project: Project | null; readonly broken: null }
  /** What is said of it. */
  | { readonly broken: string };

/** That one which names no builder is broken is told, and no more: other tools have such a file too. */
function readUnlessUnused(source: SourceTree): Read {
  try {
    return { project: readProject(source), broken: null };
  } catch (error) {
    if (!(error instanceof PlanError) || namesBuilder(source)) throw error;
    const said = error.message.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '');
    return { broken: `${said}. No builder is taken from it.` };
  }
}

const withoutBuilder = (asks: readonly string[]): string[] =>
  asks.length === 0
    ? []
    : [
        `${PROJECT_FILE}: ${asks.join(', ')} is for a builder, and none is named. Name one by \`builder\` there, or by \`tfk config:set ${BUILDER_VAR}=IMAGE\`.`,
      ];

interface Unfit {
  /** The second half of a sentence. */
  readonly why: string;
  readonly hint: string;
}

function unfitFor({ images, planners = [], list = null, stack = null }: PlanContext): Unfit | null {
  if (planners.length > 0 || list !== null)
    return {
      why: 'buildpacks are set on the app, which build it without one',
      hint: 'Remove them by `tfk buildpacks:clear`',
    };
  if (stack === 'container')
    return {
      why: 'the stack of the app is container, which builds from Dockerfiles',
      hint: 'Change it by `tfk stack:set heroku-24`',
    };
  if (images) return null;
  return {
    why: 'this app runs as processes: a builder needs the Docker engine',
    hint: 'Run the app on it by `tfk apps:engine docker`',
  };
}

/** Something else builds, which asks nothing of the file: that it is broken is no matter then. */
function unusedProject(source: SourceTree, { why }: Unfit): string[] {
  try {
    const builder = readProject(source)?.builder ?? null;
    return builder === null ? [] : [`The builder that ${PROJECT_FILE} names is not used: ${why}.`];
  } catch (error) {
    if (error instanceof PlanError) return [];
    throw error;
  }
}
