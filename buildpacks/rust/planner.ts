import { planOn, type BuildPlan, type BuildStep } from '../plan.js';
import { PlanError, type Planner } from '../planner.js';
import type { SourceTree } from '../source.js';
import { HINTS } from './hints.js';
import { rustVersion } from './version.js';
import { readWorkspace, type Workspace } from './workspace.js';

export const rustPlanner: Planner = {
  name: 'rust',
  looksFor: 'Cargo.toml (Rust)',
  buildpack: { name: 'emk/rust', description: 'Rust apps, by Cargo' },
  detect: (source) => source.has('Cargo.toml') && !(source.has('package.json') && isLibrary(source)),
  plan(source) {
    const workspace = readWorkspace(source);
    if (workspace.binaries.length === 0)
      throw new PlanError(
        'Cargo builds no program of this source: there is no src/main.rs, src/bin or [[bin]] in what it builds by default.',
        'Add one, or name the package that has one in `default-members` of [workspace], and push again.',
      );
    return planFor(source, workspace);
  },
};

/** A package of Node.js may have parts in Rust; what cannot be read is told when it is planned. */
function isLibrary(source: SourceTree): boolean {
  try {
    return readWorkspace(source).binaries.length === 0;
  } catch (error) {
    if (error instanceof PlanError) return false;
    throw error;
  }
}

/** Where Procfiles look for programs. */
const RELEASE = 'target/release';

/** By which people change what Cargo does; the first as with the buildpack for Rust. */
const SETTINGS = [
  'RUST_CARGO_BUILD_FLAGS',
  'CARGO_NET_GIT_FETCH_WITH_CLI',
  'CARGO_PROFILE_RELEASE_CODEGEN_UNITS',
  'CARGO_PROFILE_RELEASE_DEBUG',
  'CARGO_PROFILE_RELEASE_LTO',
  'CARGO_PROFILE_RELEASE_OPT_LEVEL',
  'CARGO_PROFILE_RELEASE_STRIP',
  'RUSTFLAGS',
  'SQLX_OFFLINE',
];

function planFor(source: SourceTree, workspace: Workspace): BuildPlan {
  const { runtime, warnings } = rustVersion(source, workspace.rustVersion);
  const locked = source.has('Cargo.lock');
  const web = source.has('Procfile') ? null : webCommand(workspace);
  return {
    ...planOn(runtime),
    planner: 'rust',
    label: 'Rust',
    // What Rust builds needs no Rust.
    launchRuntime: { language: 'system', range: null, asked: null },
    notes: [
      runtime.asked ?? 'No file asks for a version of Rust: rust-toolchain.toml would',
      `Building ${workspace.binaries.join(', ')}`,
    ],
    warnings: [...warnings, ...(locked ? [] : [NO_LOCK])],
    steps: [buildStep(workspace, locked)],
    buildConfig: SETTINGS,
    defaultProcessTypes: web === null ? {} : { web },
    launchPath: [RELEASE],
  };
}

const NO_LOCK = 'No lock file: the versions of the crates may differ from build to build. Commit Cargo.lock.';

function webCommand({ binaries, defaultRun, crates }: Workspace): string | null {
  const program = binaries.length === 1 ? binaries[0] : defaultRun;
  if (program == null) return null;
  return crates.has('rocket') ? `${ROCKET} ${RELEASE}/${program}` : `${RELEASE}/${program}`;
}

/** Rocket knows no PORT. */
const ROCKET = 'ROCKET_ADDRESS=0.0.0.0 ROCKET_PORT=$PORT';

/**
 * Cargo finds again what it has built wherever the source lies, but for the source's own packages. Images of Rust hold one
 * toolchain, and rustup would fetch another for a file that names it in another way. What an earlier build has left is no answer
 * where flags or settings let Cargo write elsewhere; a program that is up to date is put in its place again without a compiler.
 */
const BUILD = `set -eu
if command -v rustup > /dev/null; then
  RUSTUP_TOOLCHAIN=$(rustup toolchain list | sed 's/ .*//;q')
  export RUSTUP_TOOLCHAIN
fi
for name; do rm -f "$CARGO_TARGET_DIR/release/$name"; done
cargo build --release $TFK_CARGO_LOCKED \${RUST_CARGO_BUILD_FLAGS:-}
mkdir -p ${RELEASE}
for name; do cp "$CARGO_TARGET_DIR/release/$name" ${RELEASE}/; done
`;

function buildStep({ binaries }: Workspace, locked: boolean): BuildStep {
  return {
    name: 'build',
    title: 'Building with Cargo',
    inputs: 'source',
    commands: [['sh', '-c', BUILD, 'sh', ...binaries]],
    env: { TFK_CARGO_LOCKED: locked ? '--locked' : '', CARGO_TERM_COLOR: 'never' },
    caches: { cargo: 'CARGO_HOME', 'cargo-target': 'CARGO_TARGET_DIR' },
    layers: [],
    hints: HINTS,
  };
}
