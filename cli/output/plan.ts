import type { BuildPlan } from '../../api/tfk.js';
import type { Paint } from './colour.js';
import { visible } from './sanitise.js';
import { shellWord } from './shell.js';
import { fields } from './table.js';

/** What a build would do, step by step, for a person to read. */
export function planLines(plan: BuildPlan, paint: Paint): string[] {
  return [
    paint.in('bold', `-----> ${visible(plan.label)} (planner ${visible(plan.planner)})`),
    ...plan.notes.map((note) => `       ${visible(note)}`),
    ...plan.warnings.map((warning) => paint.in('yellow', ` !     ${visible(warning)}`)),
    ...plan.steps.flatMap((step) => stepLines(step, paint)),
    ...builderLines(plan, paint),
    '',
    paint.in('bold', '-----> Process types'),
    ...indented(fields(Object.entries({ ...plan.default_process_types, ...plan.process_types }))),
    ...(Object.keys(plan.launch_env).length > 0
      ? [
          paint.in('bold', '-----> Environment of its dynos'),
          ...indented(fields(Object.entries(plan.launch_env))),
        ]
      : []),
  ];
}

function stepLines(step: BuildPlan['steps'][number], paint: Paint): string[] {
  if (step.buildpack !== undefined) return buildpackLines(step.title, step.buildpack, paint);
  const inputs = step.inputs === 'source' ? 'any file' : [...step.inputs, ...(step.config ?? [])].join(', ');
  return [
    '',
    paint.in('bold', `-----> ${visible(step.title)}`),
    ...step.commands.map((command) => `       $ ${visible(command.map(shownWord).join(' '))}`),
    paint.in('dim', `       again when these change: ${visible(inputs)}`),
    ...(step.layers.length > 0 ? [paint.in('dim', `       kept: ${visible(step.layers.join(', '))}`)] : []),
  ];
}

/** Scripts of several lines are the planner's own: `--json` has them whole. */
const shownWord = (word: string): string => (word.includes('\n') ? '…' : shellWord(word));

function buildpackLines(
  title: string,
  { digest, releases }: NonNullable<BuildPlan['steps'][number]['buildpack']>,
  paint: Paint,
): string[] {
  const programs = ['bin/detect', 'bin/compile', ...(releases ? ['bin/release'] : [])];
  return [
    '',
    paint.in('bold', `-----> ${visible(title)}`),
    ...programs.map((program) => `       $ ${program}`),
    paint.in('dim', `       again when any file or the buildpack changes: sha256 ${visible(digest)}`),
  ];
}

/** What its buildpacks do is theirs to decide when they are run. */
function builderLines({ builder, build_config }: BuildPlan, paint: Paint): string[] {
  if (builder === undefined) return [];
  const { image, group, files, env } = builder;
  const names = [...new Set([...Object.keys(env), ...build_config])];
  const patterns = (files?.patterns ?? []).join(', ');
  return [
    '',
    paint.in('bold', `-----> Builder ${visible(image)}`),
    ...['detector', 'builder'].map((phase) => `       $ /cnb/lifecycle/${phase}`),
    ...(group.length > 0 ? [`       buildpacks: ${visible(group.map(({ id }) => id).join(', '))}`] : []),
    ...(files === null ? [] : [`       files: ${files.kind} ${visible(patterns)}`]),
    ...(names.length > 0 ? [`       build environment: ${visible(names.join(', '))}`] : []),
    paint.in('dim', '       again when any file, the builder or that environment changes'),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `       ${line}`);
}
