import type { PlanContext } from '../../../buildpacks/planner.js';
import type { SourceTree } from '../../../buildpacks/source.js';
import { wantedBuildpacks } from '../buildpacks/chosen.js';
import { sourceContents, type SourceContents } from '../content-hash.js';
import { decide, type Decision } from '../decide.js';
import { applyIgnore } from '../ignore.js';
import { sourceTree } from '../source-tree.js';

/** What can be asked of an unpacked source; all of it is JSON. */
export interface Questions {
  /** Removes what its ignore files leave out, and answers the buildpacks that are to build the rest. */
  readonly prepare: {
    readonly ask: { readonly buildpacks: readonly string[]; readonly isNew: boolean };
    readonly answer: readonly string[];
  };
  readonly decide: { readonly ask: PlanContext; readonly answer: Decision };
  readonly contents: { readonly ask: null; readonly answer: SourceContents };
}

export type Question = keyof Questions;

/** Answers about the source in a folder. `reading` is told of each file before it is read. */
export function answersAbout(
  folder: string,
  reading: (path: string) => void,
): { readonly [Q in Question]: (ask: Questions[Q]['ask']) => Promise<Questions[Q]['answer']> } {
  // Not before the first question: until then the folder may be filled.
  const source = (): SourceTree => {
    const whole = sourceTree(folder);
    const read = (path: string): string | null => {
      reading(path);
      return whole.read(path);
    };
    return { ...whole, read };
  };
  return {
    async prepare({ buildpacks, isNew }) {
      await applyIgnore(folder, source());
      return wantedBuildpacks(buildpacks, source(), { isNew });
    },
    decide: async (context) => decide(source(), context),
    contents: () => sourceContents(folder, reading),
  };
}
