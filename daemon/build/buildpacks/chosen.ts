import { join } from 'node:path';
import { readAppJson } from '../../../buildpacks/app-json.js';
import type { FetchedBuildpack } from '../../../buildpacks/classic/plan.js';
import { isLocal, readReference } from '../../../buildpacks/classic/reference.js';
import { BUILDER_VAR } from '../../../buildpacks/cnb/wish.js';
import { buildpackOf } from '../../../buildpacks/names.js';
import type { PlanContext } from '../../../buildpacks/planner.js';
import type { SourceTree } from '../../../buildpacks/source.js';
import { BuildFailure } from '../failure.js';
import type { BuildpackLibrary } from './library.js';

/** The buildpacks of one build. */
export interface ChosenBuildpacks {
  /** As planners take them. */
  readonly context: Pick<PlanContext, 'planners' | 'list'>;
  /** Digest → folder of the classic ones. */
  readonly folders: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** Those that are set; at an app's first push, where none are, those that its app.json asks for. */
export function wantedBuildpacks(
  set: readonly string[],
  source: SourceTree,
  { isNew = false }: Pick<PlanContext, 'isNew'>,
): readonly string[] {
  if (set.length > 0 || !isNew) return set;
  const wanted = (readAppJson(source)?.appJson.buildpacks ?? []).map(({ url }) => url);
  for (const url of wanted) refuseUnknown(url);
  return wanted;
}

/** May the source's app.json say by which buildpacks it is built? A builder that is set on the app goes before its word. */
export const asksSource = ({ isNew = false, config }: Pick<PlanContext, 'isNew' | 'config'>): boolean =>
  isNew && !config[BUILDER_VAR];

/** Who wrote the source need not be who may read this machine's files. */
function refuseUnknown(url: string): void {
  if (buildpackOf(url) !== undefined) return;
  const read = readReference(url);
  if (read.ok && !isLocal(read.reference)) return;
  const why = read.ok ? 'is on this machine, and a source may not say that' : read.why;
  throw new BuildFailure(
    'detect',
    `app.json asks for the buildpack ${JSON.stringify(url.slice(0, 200))}, which ${why}.`,
    'Set buildpacks yourself, and those of app.json do not count: tfk buildpacks:set NAME-OR-ADDRESS',
  );
}

/** Fetches the classic ones into a folder below `folder`, each by its place in the list. */
export async function fetchBuildpacks(
  references: readonly string[],
  library: BuildpackLibrary,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<ChosenBuildpacks> {
  const list: (string | FetchedBuildpack)[] = [];
  const folders = new Map<string, string>();
  const warnings: string[] = [];
  for (const [place, text] of references.entries()) {
    const read = buildpackOf(text) === undefined ? readReference(text) : null;
    if (read?.ok !== true) {
      list.push(buildpackOf(text)?.planner ?? text);
      continue;
    }
    const to = join(folder, String(place));
    const { reference, digest, warning } = await library.copy(read.reference, to, signal);
    list.push({ reference, digest });
    folders.set(digest, to);
    if (warning !== null) warnings.push(warning);
  }
  const planners = list.filter((entry) => typeof entry === 'string');
  return { context: { planners, list: folders.size > 0 ? list : null }, folders, warnings };
}
