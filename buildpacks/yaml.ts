import type { Document } from 'yaml';
import { PlanError } from './planner.js';

/** References to one thing that may stand for it altogether; beyond, a small file is a great deal of memory. */
const MOST_ALIASES = 50;

/** What a YAML document without errors says. Throws a PlanError that names its file. */
export function plainYaml(file: string, document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw /alias count/.test(reason)
      ? new PlanError(
          `${file} is not valid: its aliases (*name) say far more than is written in it.`,
          `Write it out in ${file}, and push again.`,
        )
      : new PlanError(`${file} is not valid YAML: ${reason}`, `Correct ${file} and push again.`);
  }
}
