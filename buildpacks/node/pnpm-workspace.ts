import { parseDocument } from 'yaml';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { plainYaml } from '../yaml.js';

type Fields = Readonly<Record<string, unknown>>;

/** The settings of pnpm-workspace.yaml; empty where there is none. Throws a PlanError where it cannot be read. */
export function readPnpmWorkspace(source: SourceTree): Fields {
  const text = source.read('pnpm-workspace.yaml');
  if (text === null) return {};
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) throw new PlanError(`pnpm-workspace.yaml is not valid YAML: ${problem.message}`);
  const content: unknown = plainYaml('pnpm-workspace.yaml', document);
  return typeof content === 'object' && content !== null ? { ...content } : {};
}
