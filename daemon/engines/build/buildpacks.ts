import { readRelease, type BuildpackRelease } from '../../../buildpacks/classic/release.js';
import type { PlannedBuildpack } from '../../../buildpacks/plan.js';
import type { TreeEntry } from '../../shared/tree.js';
import type { BuildRequest } from '../engine.js';
import { heard } from './heard.js';
import { StepFailed } from './step-failed.js';

export type Stream = 'stdout' | 'stderr';
type Argv = readonly [string, ...string[]];

/** One buildpack as an engine has laid it out; all paths are what its commands see. */
export interface BuildpackPlace {
  /** A copy of the buildpack's own, which it may write to. */
  readonly folder: string;
  /** The app's root. */
  readonly app: string;
  readonly cache: string;
  /** One file a config var. */
  readonly config: string;
  /** Runs a command to its end: null, or why it failed (`exited with status 1`). Rejects when the build has to end. */
  readonly run: (argv: Argv, line: (text: string, stream: Stream) => void) => Promise<string | null>;
}

/** Sources the files before `--` that are there, and becomes the command behind it, if that is there. */
const AFTER_EXPORTS = `while [ "$1" != -- ]; do
  if [ -f "$1" ]; then . "$1"; fi
  shift
done
shift`;
const PHASE = `${AFTER_EXPORTS}
[ ! -f "$1" ] || exec "$@"`;
const COMMAND = `${AFTER_EXPORTS}
exec "$@"`;

/** What is taken of a program's output that is not just shown. */
const MOST_BYTES = 64 * 1024;

/** Runs the classic buildpacks of one build in order, each with what those before it export. */
export class BuildpackPhases {
  private readonly exports: string[] = [];
  private answer: BuildpackRelease | null = null;

  constructor(private readonly request: Pick<BuildRequest, 'output' | 'config'>) {}

  /** What the last of the list said; null before, and where that is none of them. */
  get release(): BuildpackRelease | null {
    return this.answer;
  }

  /** Rejects with StepFailed where the source is not the buildpack's, or a program of it fails. */
  async run(buildpack: PlannedBuildpack, place: BuildpackPlace): Promise<void> {
    const { folder, app, cache, config } = place;
    await this.detect(buildpack, place);
    const why = await place.run(this.phase(folder, 'compile', app, cache, config), (text) =>
      heard(this.request.output, text),
    );
    if (why !== null) throw failed(`The buildpack ${buildpack.reference} failed: bin/compile ${why}.`);
    if (buildpack.releases) this.answer = await this.ask(buildpack, place);
    this.exports.push(`${folder}/export`);
  }

  /** A command of a planner's that comes after buildpacks. */
  afterExports(argv: Argv): Argv {
    return this.exports.length === 0 ? argv : this.bash(COMMAND, argv);
  }

  private async detect({ reference }: PlannedBuildpack, { folder, app, run }: BuildpackPlace): Promise<void> {
    const said = new Said();
    const why = await run(this.phase(folder, 'detect', app), (text) => said.take(text));
    if (why === null) {
      this.request.output.step(`${said.first ?? reference} app detected`);
      return;
    }
    const ended = why === 'exited with status 1' ? '' : ` (bin/detect ${why})`;
    throw new StepFailed({
      ok: false,
      reason: 'detect',
      message: [`App not compatible with buildpack: ${reference}${ended}`, ...said.lines].join('\n'),
      hint: 'Remove it by `tfk buildpacks:remove`, or by `tfk buildpacks:clear`, and the source says itself what it is.',
    });
  }

  private async ask(
    { reference }: PlannedBuildpack,
    { folder, app, run }: BuildpackPlace,
  ): Promise<BuildpackRelease> {
    const said = new Said();
    const why = await run(this.phase(folder, 'release', app), (text, stream) =>
      stream === 'stdout' ? said.take(text) : heard(this.request.output, text),
    );
    if (why !== null) throw failed(`The buildpack ${reference} failed: bin/release ${why}.`);
    const read = readRelease(said.lines.join('\n'));
    if (!read.ok)
      throw failed(
        `The buildpack ${reference} failed: what its bin/release prints is wrong: ${read.problem}.`,
      );
    const { output, config } = this.request;
    const { addons } = read.release;
    if (addons.length > 0)
      output.detail(`It would like add-ons, which you add by tfk addons:create: ${addons.join(', ')}`);
    if (read.ignored.length > 0)
      output.detail(`Not set, as each dyno has its own: ${read.ignored.join(', ')}`);
    return withoutOwn(read.release, config);
  }

  private phase(folder: string, name: string, ...args: readonly string[]): Argv {
    return this.bash(PHASE, [`${folder}/bin/${name}`, ...args]);
  }

  /** Heroku's own shell for buildpacks, whose `export` files are written for it. */
  private bash(script: string, argv: readonly string[]): Argv {
    return ['bash', '-c', script, 'bash', ...this.exports, '--', ...argv];
  }
}

/** Config vars of a buildpack are defaults: those which the app has are the app's. */
function withoutOwn(release: BuildpackRelease, config: BuildRequest['config']): BuildpackRelease {
  const brought = Object.entries(release.env).filter(([name]) => !Object.hasOwn(config, name));
  return { ...release, env: Object.fromEntries(brought) };
}

/**
 * May it be kept beside what was built, in the clear? What it says of the environment may be secret: then whoever asked for the
 * build keeps it, and another who wants the same slug has it built anew.
 */
export const isKeptWithSlug = (release: BuildpackRelease | null): boolean =>
  Object.keys(release?.env ?? {}).length === 0;

/** Lines of output, up to a limit. */
class Said {
  readonly lines: string[] = [];
  private bytes = 0;

  take(text: string): void {
    this.bytes += text.length + 1;
    if (this.bytes <= MOST_BYTES) this.lines.push(text);
  }

  get first(): string | undefined {
    return this.lines.find((line) => line.trim() !== '')?.trim();
  }
}

const failed = (message: string): StepFailed => new StepFailed({ ok: false, reason: 'command', message });

/** As Heroku, which makes the programs of a buildpack executable, whatever its repository says. */
export const runnable = (entries: readonly TreeEntry[]): TreeEntry[] =>
  entries.map((entry) =>
    entry.type === 'file' && entry.path.startsWith('bin/') ? { ...entry, executable: true } : entry,
  );
