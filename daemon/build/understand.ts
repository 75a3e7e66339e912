import { rm } from 'node:fs/promises';
import { addFiles } from './add-files.js';
import { asksSource, fetchBuildpacks, type ChosenBuildpacks } from './buildpacks/chosen.js';
import type { SourceContents } from './content-hash.js';
import type { Decision } from './decide.js';
import type { BuildParts } from './parts.js';
import { SourceReader } from './source-reader.js';
import { Unpacker } from './unpack.js';

/** An unpacked source, and what was decided of it. */
export interface Understood extends Decision {
  readonly folder: string;
  readonly contents: SourceContents;
  /** The folders of its classic buildpacks. */
  readonly buildpacks: ChosenBuildpacks['folders'];
}

export interface Understanding {
  readonly appId: string | null;
  /** That were set. */
  readonly buildpacks?: readonly string[];
  /** Where the source is unpacked to: a folder that is not there yet; its buildpacks lie beside it. */
  readonly tree: string;
  readonly signal: AbortSignal;
  /** Told of each buildpack before anything is done with it. */
  readonly using: (buildpack: string) => void;
}

/** From a tarball to a plan: unpack → ignore → buildpacks → detect → plan. All that reads the source is a child process. */
export class Understand {
  private readonly unpacker: Unpacker;

  constructor(private readonly parts: Pick<BuildParts, 'buildpacks' | 'limits' | 'paths' | 'planContext'>) {
    const { limits, paths } = parts;
    this.unpacker = new Unpacker(paths.unpackProgram, {
      bytes: limits.unpackedBytes,
      entries: limits.sourceFiles,
      milliseconds: limits.unpackMs,
    });
  }

  /** Rejects with what failureFrom knows. The tree is to be removed whatever comes. */
  async understand(tarball: string, how: Understanding): Promise<Understood> {
    const { paths, limits } = this.parts;
    const { tree, signal } = how;
    // It starts while the other one unpacks.
    const reader = new SourceReader(paths.readProgram, tree, limits.reading, signal);
    try {
      await this.unpacker.unpack(tarball, tree, signal);
      const { decision, chosen } = await this.decide(reader, how);
      const contents = await reader.ask('contents', null);
      await addFiles(tree, decision.plan.files);
      const warnings = [...chosen.warnings, ...decision.warnings];
      return { ...decision, warnings, folder: tree, contents, buildpacks: chosen.folders };
    } finally {
      reader.close();
    }
  }

  private async decide(
    reader: SourceReader,
    { appId, buildpacks = [], tree, signal, using }: Understanding,
  ): Promise<{ readonly decision: Decision; readonly chosen: ChosenBuildpacks }> {
    const context = this.parts.planContext(appId);
    const wanted = await reader.ask('prepare', { buildpacks, isNew: asksSource(context) });
    wanted.forEach(using);
    const folder = buildpacksBeside(tree);
    const chosen = await fetchBuildpacks(wanted, this.parts.buildpacks, { folder, signal });
    return { decision: await reader.ask('decide', { ...context, ...chosen.context }), chosen };
  }
}

const buildpacksBeside = (tree: string): string => `${tree}.buildpacks`;

/** With what lies beside it. */
export async function removeTree(tree: string): Promise<void> {
  for (const folder of [tree, buildpacksBeside(tree)]) await rm(folder, { recursive: true, force: true });
}
