import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { anyVersionOf, planOn, type BuildPlan } from '../../../buildpacks/plan.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import type { BuildOutput, BuildRequest } from '../../../daemon/engines/engine.js';

/** A folder that is gone after the test. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Files by path; a value of an object is written as JSON. */
export function writeFiles(folder: string, files: Readonly<Record<string, unknown>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

export const aSource = (files: Readonly<Record<string, unknown>>): string => writeFiles(tempFolder(), files);

const planOf = (folder: string): BuildPlan => {
  const source = sourceTree(folder);
  const context = { config: {}, images: false };
  return choosePlanner(source, context).plan(source, context);
};

export class RecordedOutput implements BuildOutput {
  readonly lines: string[] = [];
  step = (text: string): void => void this.lines.push(`-----> ${text}`);
  detail = (text: string): void => void this.lines.push(`       ${text}`);
  warning = (text: string): void => void this.lines.push(` !     ${text}`);
  get text(): string {
    return this.lines.join('\n');
  }
}

let builds = 0;

export function aRequest(
  sourceDir: string,
  rest: Partial<BuildRequest> = {},
): BuildRequest & { output: RecordedOutput } {
  const output = new RecordedOutput();
  return {
    appId: 'app-1',
    buildId: `build-${process.pid}-${++builds}`,
    plan: rest.plan ?? planOf(sourceDir),
    sourceDir,
    env: {},
    config: {},
    configKey: (config) => `of ${JSON.stringify(config)}`,
    limits: { timeoutMs: 60_000, slugBytes: 1e9, outputBytes: 1e8 },
    signal: new AbortController().signal,
    ...rest,
    output,
  };
}

/** A plan of one step that runs these commands. */
export function aPlan(
  commands: BuildPlan['steps'][number]['commands'],
  rest: Partial<BuildPlan> = {},
): BuildPlan {
  return {
    ...planOn(anyVersionOf('none')),
    planner: 'test',
    label: 'Test',
    steps: [{ name: 'run', title: 'Running', inputs: 'source', commands, env: {}, caches: {}, layers: [] }],
    ...rest,
  };
}
