import { DockerfileParser, type Copy, type From, type Instruction, type Run } from 'dockerfile-ast';
import { closest } from '../did-you-mean.js';
import { PlanError } from '../planner.js';
import { substitute, type Values } from './substitute.js';

/** One FROM with all that follows it. */
export interface Stage {
  /** The name after AS, in small letters, as the builder compares it. */
  readonly name: string | null;
  /** What it is made from, variables put in: a stage's name, an image, or `scratch`. Null: only the builder can tell. */
  readonly from: string | null;
  /** Counted from 1. */
  readonly line: number;
  /** In order; FROM itself is not among them. */
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile as far as a plan needs it: whether its instructions are right is the builder's to say. */
export interface ParsedDockerfile {
  readonly path: string;
  readonly stages: readonly Stage[];
  /** What its `# syntax=` line names. */
  readonly syntax: { readonly image: string; readonly line: number } | null;
}

const MAX_BYTES = 64 * 1024;
/** The parser's time grows with the square of a comment's length. */
const LONG_COMMENT = /^([ \t]*#.{0,200}).*$/gm;

/** Throws a PlanError, with the line where there is one, for a file from which no image can come. */
export function parseDockerfile(text: string, path: string, args: Values): ParsedDockerfile {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new PlanError(`${path} is over 64 KiB.`);
  const parsed = DockerfileParser.parse(text.replace(/^\uFEFF/, '').replace(LONG_COMMENT, '$1'));
  const froms = parsed.getFROMs();
  const stages: { name: string | null; from: string | null; line: number; instructions: Instruction[] }[] =
    [];
  let values: Values = {};
  for (const instruction of parsed.getInstructions()) {
    const current = stages.at(-1);
    const from = froms[stages.length];
    if (from && instruction.getKeyword() === 'FROM') {
      stages.push({ ...stageOf(from, { path, values }), instructions: [] });
    } else if (current) current.instructions.push(instruction);
    else if (instruction.getKeyword() === 'ARG') values = withArg(values, instruction, args);
    else
      throw new PlanError(`${path} line ${lineOf(instruction)} is before the first FROM: only ARG may be.`);
  }
  if (stages.length === 0) {
    throw new PlanError(`${path} has no FROM line: there is nothing to build an image from.`);
  }
  const syntax = parsed.getDirectives().find((directive) => directive.getName().toLowerCase() === 'syntax');
  return {
    path,
    stages,
    syntax: syntax ? { image: syntax.getValue(), line: syntax.getRange().start.line + 1 } : null,
  };
}

export const lineOf = (instruction: Instruction): number => instruction.getInstructionRange().start.line + 1;

/** The stage that `target` names, by name or number; null: the last. */
export function targetStage({ stages, path }: ParsedDockerfile, target: string | null): Stage {
  const found = target === null ? stages.at(-1) : stageNamed(stages, target);
  if (found) return found;
  const names = stages.flatMap(({ name }) => (name === null ? [] : [name]));
  const meant = closest(target ?? '', names);
  const hint =
    meant === null ? `Its stages are: ${names.join(', ') || 'none with a name'}.` : `Did you mean ${meant}?`;
  throw new PlanError(`${path} has no stage ${target ?? ''}.`, hint);
}

/** The stages that a stage is made of, itself first, then what it goes on from. */
export function lineage(stages: readonly Stage[], stage: Stage): Stage[] {
  const line = [stage];
  for (let parent = parentOf(stages, stage); parent; parent = parentOf(stages, parent)) line.push(parent);
  return line;
}

/** The images of other makers that building a stage takes, in the order of their lines, each once. */
export function basesOf(stages: readonly Stage[], target: Stage): string[] {
  const needed = new Set<Stage>();
  const pending = [target];
  const images = new Map<string, number>();
  for (let stage = pending.pop(); stage; stage = pending.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    for (const { source, line } of sourcesOf(stages, stage)) {
      if (typeof source !== 'string') pending.push(source);
      else if (source !== 'scratch') images.set(source, Math.min(line, images.get(source) ?? line));
    }
  }
  return [...images].sort(([, a], [, b]) => a - b).map(([image]) => image);
}

interface Source {
  /** A stage of this file, or an image. */
  readonly source: Stage | string;
  readonly line: number;
}

function sourcesOf(stages: readonly Stage[], stage: Stage): Source[] {
  const parent = parentOf(stages, stage);
  const base = parent ?? stage.from;
  const copied = stage.instructions.flatMap((instruction) =>
    referencesOf(instruction).map((name) => ({
      source: stageNamed(stages, name) ?? name,
      line: lineOf(instruction),
    })),
  );
  // A variable in --from is not put in by any builder of today.
  const known = copied.filter(({ source }) => typeof source !== 'string' || !source.includes('$'));
  return base === null ? known : [{ source: base, line: stage.line }, ...known];
}

/** What COPY --from and RUN --mount=from= name. */
function referencesOf(instruction: Instruction): string[] {
  const keyword = instruction.getKeyword();
  if (keyword !== 'COPY' && keyword !== 'RUN') return [];
  return (instruction as Copy | Run).getFlags().flatMap((flag) => {
    const value = flag.getValue() ?? '';
    if (flag.getName() === 'from') return [value];
    const [, from] = (flag.getName() === 'mount' && /(?:^|,)from=([^,]+)/.exec(value)) || [];
    return from === undefined ? [] : [from];
  });
}

/** A stage goes on only from one above it: `FROM node AS node` is no circle. */
function parentOf(stages: readonly Stage[], stage: Stage): Stage | undefined {
  const above = stages.slice(0, stages.indexOf(stage));
  return above.findLast(({ name }) => name !== null && name === stage.from?.toLowerCase());
}

function stageNamed(stages: readonly Stage[], name: string): Stage | undefined {
  return /^\d+$/.test(name)
    ? stages[Number(name)]
    : stages.findLast((stage) => stage.name === name.toLowerCase());
}

function stageOf(from: From, { path, values }: { path: string; values: Values }) {
  const line = lineOf(from);
  const written = from.getImage();
  if (written === null) throw new PlanError(`${path} line ${line}: FROM names no image.`);
  const image = substitute(written, values);
  if (image !== null && (image === '' || /[:@]$/.test(image))) {
    throw new PlanError(
      `${path} line ${line}: FROM ${written}: its variable has no value.`,
      'Give the ARG above a default, or a value in build.config of heroku.yml.',
    );
  }
  return { name: from.getBuildStage()?.toLowerCase() ?? null, from: image, line };
}

/** `ARG NAME=default NAME2`, above the first FROM. */
function withArg(values: Values, instruction: Instruction, args: Values): Values {
  const declared = instruction.getArguments().map((argument): [string, string] => {
    const [name = '', ...rest] = argument.getValue().split('=');
    const given = Object.hasOwn(args, name) ? args[name] : undefined;
    return [name, given ?? substitute(unquoted(rest.join('=')), values) ?? ''];
  });
  return { ...values, ...Object.fromEntries(declared) };
}

const unquoted = (text: string): string => /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
