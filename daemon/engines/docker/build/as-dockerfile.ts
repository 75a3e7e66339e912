import { isClosed, type BuildPlan, type BuildStep, type Runtime } from '../../../../buildpacks/plan.js';
import { TfkError } from '../../../shared/errors.js';
import { chooseBase } from './base-choice.js';
import { APP, USER } from './steps/container-options.js';
import { placesOf } from './steps/tools.js';

/** Images by language, as BaseImages has them. */
export type ConfiguredImages = Readonly<Record<string, string | null | undefined>>;

const CACHES = '/tmp/cache';
/**
 * A Dockerfile that builds with `docker build` what tfk builds of a plan: the same images, steps, order of copying (so that a
 * changed source line installs nothing anew) and launch. Config vars that builds ask for become build arguments. Null for a
 * plan of images, which are Dockerfiles already. Throws a TfkError where no image is known for a version that the source asks for.
 */
export function dockerfileOfPlan(
  plan: BuildPlan,
  processTypes: Readonly<Record<string, string>>,
  configured: ConfiguredImages,
): string | null {
  if (plan.images.length > 0) return null;
  if (plan.builder) throw byBuilder(plan.builder.image);
  if (plan.steps.some(({ buildpack }) => buildpack)) throw onlyByTfk();
  const imageOf: ImageOf = (runtime) => nameOf(runtime, configured);
  const lines = [
    '# syntax=docker/dockerfile:1',
    `# What tfk builds of this source (planner ${plan.planner}), by \`docker build .\`. A .dockerignore should name`,
    '# .git, node_modules and whatever else is not source.',
    '',
    ...buildStage(plan, imageOf),
    '',
    ...launchStage(plan, processTypes, imageOf),
  ];
  return `${lines.join('\n')}\n`;
}

const onlyByTfk = (): TfkError =>
  new TfkError('invalid_params', 'This app has classic buildpacks, which no Dockerfile runs as they are.', {
    hint: 'Type `tfk plan` to see what is run, or clear them by `tfk buildpacks:clear`.',
  });

const byBuilder = (image: string): TfkError =>
  new TfkError(
    'invalid_params',
    `This app is built by the builder ${image}, whose buildpacks decide when they are run: no Dockerfile does the same.`,
    { hint: `Without tfk, type: pack build NAME --builder ${image}` },
  );

type ImageOf = (runtime: Runtime) => string;

function nameOf(runtime: Runtime, configured: ConfiguredImages): string {
  const choice = chooseBase(runtime, configured[runtime.language] ?? undefined);
  if (choice.ok) return choice.refs[0] ?? '';
  throw new TfkError('invalid_params', choice.message);
}

function buildStage(plan: BuildPlan, imageOf: ImageOf): string[] {
  const whole = plan.steps.findIndex((step) => !isClosed(step));
  const closed = plan.steps.slice(0, whole < 0 ? plan.steps.length : whole);
  return [
    `FROM ${imageOf(plan.runtime)} AS build`,
    `WORKDIR ${APP}`,
    ...toolLines(plan, imageOf),
    ...closed.flatMap((step) => ['', ...copyInputs(step), ...argLines(step.config ?? []), ...runLines(step)]),
    '',
    ...Object.entries(plan.files).flatMap(([path, text]) => fileLines(path, text)),
    'COPY . .',
    ...argLines(plan.buildConfig),
    ...plan.steps.slice(closed.length).flatMap((step) => ['', ...runLines(step)]),
    ...excluding(plan.exclude),
  ];
}

function launchStage(
  plan: BuildPlan,
  processTypes: Readonly<Record<string, string>>,
  imageOf: ImageOf,
): string[] {
  const path = [...plan.launchPath.map((folder) => `${APP}/${folder}`), '$PATH'].join(':');
  const env = { ...plan.launchEnv, HOME: APP };
  const others = Object.entries(processTypes).filter(([type]) => type !== 'web');
  const web = processTypes['web'];
  return [
    `FROM ${imageOf(plan.launchRuntime)}`,
    `WORKDIR ${APP}`,
    ...toolLines(plan, imageOf),
    ...Object.entries(env).map(([name, value]) => `ENV ${name}=${JSON.stringify(value)}`),
    `ENV PATH="${path}"`,
    `COPY --from=build --chown=${USER} ${APP} ${APP}`,
    `USER ${USER}`,
    ...others.map(([type, command]) => `# ${type}: ${command}`),
    ...(web === undefined
      ? []
      : ['# PORT is given by whoever runs it.', `CMD ${json(['/bin/sh', '-c', web])}`]),
  ];
}

const toolLines = ({ tools }: BuildPlan, imageOf: ImageOf): string[] =>
  tools.flatMap((tool) => placesOf(tool).map((path) => `COPY --from=${imageOf(tool)} ${path} ${path}`));

/** The same argument may be declared again. */
const argLines = (names: readonly string[]): string[] => names.map((name) => `ARG ${name}`);

/** By their folders, since COPY takes the last of its words for the one folder of all others. */
function copyInputs({ inputs }: BuildStep): string[] {
  if (inputs === 'source') return [];
  const folders = new Map<string, string[]>();
  for (const path of inputs) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    folders.set(folder, [...(folders.get(folder) ?? []), path]);
  }
  return [...folders].map(([folder, paths]) => `COPY ${json([...paths, `./${folder}`])}`);
}

/** As arguments, never through a shell: what the step runs is what stands in the plan. */
function runLines({ title, commands, env, caches }: BuildStep): string[] {
  const mounts = Object.keys(caches).map((name) => `--mount=type=cache,target=${CACHES}/${name}`);
  const told = Object.entries(caches).map(([name, variable]) => `${variable}=${CACHES}/${name}`);
  const settings = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...told];
  const prefix = settings.length === 0 ? [] : ['env', ...settings];
  return [
    `# ${title}`,
    ...commands.map((command) => ['RUN', ...mounts, json([...prefix, ...command])].join(' ')),
  ];
}

/** Before the source is copied: a file of that name in the source is the one that stays. */
const fileLines = (path: string, text: string): string[] => {
  const end = endOf(text);
  return [`COPY <<'${end}' ./${path}`, text.replace(/\n$/, ''), end];
};

/** A line that is none of the text's own. */
function endOf(text: string): string {
  const lines = new Set(text.split('\n'));
  let end = 'END';
  while (lines.has(end)) end += '_';
  return end;
}

function excluding(patterns: readonly string[]): string[] {
  const simple = patterns.filter((pattern) => !pattern.startsWith('!') && !pattern.startsWith('#'));
  if (simple.length === 0) return [];
  const paths = simple.map((pattern) => `./${pattern.replace(/^\//, '')}`);
  const quoted = paths.map((path) => path.replace(/[^A-Za-z0-9_./*?[\]@-]/g, '\\$&'));
  return ['', '# Not needed to run', `RUN rm -rf ${quoted.join(' ')}`];
}

const json = (words: readonly string[]): string => JSON.stringify(words);
