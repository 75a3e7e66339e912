import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { satisfies } from 'semver';
import type { Runtime } from '../../../../buildpacks/plan.js';
import { go } from './go.js';
import { java, jre } from './java.js';
import { node } from './node.js';
import { python } from './python.js';
import { rust } from './rust.js';
import type { Finders, Places, Toolchain, ToolchainFinder } from './toolchain.js';

export type FoundToolchain =
  { readonly ok: true; readonly toolchain: Toolchain } | { readonly ok: false; readonly message: string };

const FINDERS: Finders = { node, python, go, java, jre, rust };

/** Plain programs, and Procfiles that bring their own, run on the system as it is. */
const SYSTEM: Toolchain = { version: 'none', path: [], env: {} };

/** The languages of this machine. The embedded engine installs none: it uses what is there. */
export class Toolchains {
  /** What a program was found to be, by its path and time of change. */
  private readonly looked = new Map<string, Promise<Toolchain | null>>();

  constructor(
    private readonly places: Places,
    /** Do dynos run as other users than tfkd? */
    private readonly forOthers = process.getuid?.() === 0,
  ) {}

  /** The preferred toolchain of the versions that the runtime allows; else a sentence that says which there are. */
  async find(runtime: Runtime): Promise<FoundToolchain> {
    const finder = FINDERS[runtime.language];
    if (finder === undefined) return { ok: true, toolchain: SYSTEM };
    const { usable, hidden } = await this.all(finder);
    const allowed = usable.find((found) => allows(runtime, found.version, finder));
    if (allowed !== undefined) return { ok: true, toolchain: allowed };
    return { ok: false, message: refusal(runtime, { finder, usable, hidden }) };
  }

  /** All versions of a language, each once, the preferred first. */
  private async all(finder: ToolchainFinder): Promise<Versions> {
    const usable: Toolchain[] = [];
    const hidden: string[] = [];
    const seen = new Set<string>();
    for (const candidate of await finder.candidates(this.places)) {
      const program = await executable(candidate);
      if (program === null || seen.has(program)) continue;
      seen.add(program);
      const found = await this.look(finder, candidate, program);
      if (found === null || usable.some(({ version }) => version === found.version)) continue;
      if (finder.atLaunch && this.forOthers && !(await isForAll(program))) hidden.push(found.version);
      else usable.push(found);
    }
    return { usable, hidden };
  }

  private async look(finder: ToolchainFinder, candidate: string, program: string): Promise<Toolchain | null> {
    const { mtimeMs } = await stat(program);
    const key = `${finder.humanName} ${candidate} ${mtimeMs}`;
    const looking = this.looked.get(key) ?? finder.look(candidate, this.places);
    this.looked.set(key, looking);
    const found = await looking;
    // A busy machine may have kept it from answering: it is asked again.
    if (found === null) this.looked.delete(key);
    return found;
  }
}

interface Versions {
  readonly usable: readonly Toolchain[];
  /** Versions that only tfkd's own user can reach. */
  readonly hidden: readonly string[];
}

function allows({ range }: Runtime, version: string, { fetchesOthers }: ToolchainFinder): boolean {
  if (range === null || satisfies(version, range, { includePrerelease: true, loose: true })) return true;
  return fetchesOthers?.(version) ?? false;
}

function refusal(
  { asked }: Runtime,
  { finder, usable, hidden }: Versions & { readonly finder: ToolchainFinder },
): string {
  const wish = asked === null ? '' : `${asked}, and `;
  const docker = 'run the app on Docker by `tfk apps:engine docker`';
  const unreachable =
    hidden.length === 0
      ? ''
      : ` Of ${finder.humanName} ${hidden.join(', ')} here, dynos can use nothing: they run as users of their own, who may not enter its folder.`;
  if (usable.length > 0) {
    const versions = usable.map(({ version }) => version).join(', ');
    return `${wish}this machine has ${versions}.${unreachable} Ask for one of these, install that version, or ${docker}.`;
  }
  const there = `there is no ${finder.humanName} on this machine that ${hidden.length > 0 ? 'dynos can use' : 'builds can use'}.`;
  const sentence = wish === '' ? there.replace(/^t/, 'T') : `${wish}${there}`;
  return `${sentence}${unreachable} ${finder.install}, or ${docker}.`;
}

/** Where the program really is; null where there is none. */
async function executable(program: string): Promise<string | null> {
  try {
    const path = await realpath(program);
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? path : null;
  } catch {
    return null;
  }
}

/** May anybody walk to it, and run it? */
async function isForAll(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & constants.S_IXOTH) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
