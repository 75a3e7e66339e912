import { planOn, type BuildPlan, type BuildStep } from '../plan.js';
import { PlanError, type PlanContext, type Planner } from '../planner.js';
import type { SourceTree } from '../source.js';
import { readGoMod, type GoMod } from './go-mod.js';
import { HINTS } from './hints.js';
import { mainPackages, type MainPackage } from './main-packages.js';
import { goRuntime, toolchainEnv } from './version.js';

export const goPlanner: Planner = {
  name: 'go',
  looksFor: 'go.mod (Go)',
  buildpack: { name: 'heroku/go', description: 'Go modules' },
  detect: (source) => source.has('go.mod'),
  plan(source, { config }) {
    const goMod = readGoMod(source.read('go.mod') ?? '');
    const programs = mainPackages(source, goMod.module);
    return planFor({ source, goMod, programs, ...chosen(goMod, programs, config) });
  },
};

interface GoApp {
  readonly source: SourceTree;
  readonly goMod: GoMod;
  /** What the module has. */
  readonly programs: readonly MainPackage[];
  /** What is built: packages, or patterns of them. */
  readonly packages: readonly string[];
  /** Who says so. */
  readonly because: string;
}

/** Heroku's names: of the config var that says what to build, */
const PACKAGES = 'GO_INSTALL_PACKAGE_SPEC';
/** of the scripts that are run before and after, */
const PRE_COMPILE = 'bin/go-pre-compile';
const POST_COMPILE = 'bin/go-post-compile';
/** and of the tag that says where a program is built. */
const TAG = 'heroku';

/** By which people change what the go command does. */
const SETTINGS = [
  'CGO_ENABLED',
  'CGO_CFLAGS',
  'CGO_CPPFLAGS',
  'CGO_CXXFLAGS',
  'CGO_LDFLAGS',
  'GOAMD64',
  'GOEXPERIMENT',
  'GOFLAGS',
  'GONOPROXY',
  'GONOSUMDB',
  'GOPRIVATE',
  'GOPROXY',
  'GOSUMDB',
  'GOTOOLCHAIN',
];

function chosen(
  { herokuInstall }: GoMod,
  programs: readonly MainPackage[],
  config: PlanContext['config'],
): Pick<GoApp, 'packages' | 'because'> {
  const asked = (config[PACKAGES] ?? '').split(/\s+/).filter((word) => word !== '');
  if (asked.length > 0) return { packages: asked.map(refuseFlag), because: PACKAGES };
  if (herokuInstall.length > 0)
    return { packages: herokuInstall.map(refuseFlag), because: '+heroku install in go.mod' };
  if (programs.length > 0) return { packages: programs.map(({ path }) => path), because: '`package main`' };
  throw new PlanError(
    'This Go module has no program: no folder with `package main`.',
    'Add one, e.g. main.go or cmd/web/main.go, and push again.',
  );
}

function refuseFlag(word: string): string {
  if (!word.startsWith('-')) return word;
  throw new PlanError(
    `${JSON.stringify(word)} stands where packages to build are named, and is none.`,
    'Name packages such as ./cmd/web or ./cmd/...; flags go into the config var GOFLAGS.',
  );
}

function planFor(app: GoApp): BuildPlan {
  const { source, goMod } = app;
  const web = source.has('Procfile') ? null : webProgram(app);
  return {
    ...planOn(goRuntime(goMod)),
    planner: 'go',
    label: 'Go',
    // What Go builds needs no Go.
    launchRuntime: { language: 'system', range: null, asked: null },
    notes: notesOf(app),
    warnings: goMod.requires && !source.has('go.sum') ? [NO_SUM] : [],
    steps: [buildStep(app)],
    buildConfig: SETTINGS,
    defaultProcessTypes: web === null ? {} : { web: `bin/${web}` },
    launchPath: ['bin'],
  };
}

const NO_SUM = 'go.mod requires modules, and there is no go.sum: run `go mod tidy`, and commit it.';

function buildStep({ source, goMod, packages }: GoApp): BuildStep {
  const script = (path: string): BuildStep['commands'] => (source.has(path) ? [['bash', path]] : []);
  const vendored = isVendored(source) ? ['-mod=vendor'] : [];
  // Without -trimpath the cache would be good for one folder only, and each build has its own.
  const flags = ['-trimpath', '-buildvcs=false', '-modcacherw', '-tags', TAG, ...vendored];
  return {
    name: 'build',
    title: 'Building',
    inputs: 'source',
    commands: [
      ...script(PRE_COMPILE),
      ['go', 'build', ...flags, '-o', 'bin/', ...packages],
      ...script(POST_COMPILE),
    ],
    env: toolchainEnv(goMod),
    caches: { 'go-modules': 'GOMODCACHE', 'go-build': 'GOCACHE' },
    layers: [],
    hints: HINTS,
  };
}

const isVendored = (source: SourceTree): boolean => source.has('vendor/modules.txt');

/** The only program; of several that of the module itself. */
function webProgram(app: GoApp): string | null {
  const built = app.packages.flatMap((pattern) => matching(pattern, app));
  if (built.length === 1) return built[0]?.name ?? null;
  return built.find(({ path }) => path === '.')?.name ?? null;
}

/** The programs that a pattern or import path names. */
function matching(pattern: string, { programs, goMod: { module } }: GoApp): MainPackage[] {
  const ofModule = pattern === module || pattern.startsWith(`${module}/`);
  const path = ofModule ? `.${pattern.slice(module.length)}` : pattern.replace(/(?<=.)\/$/, '');
  const [, folder] = /^(.+)\/\.\.\.$/.exec(path) ?? [];
  if (folder === undefined) return programs.filter((program) => program.path === path);
  return programs.filter((program) => folder === '.' || `${program.path}/`.startsWith(`${folder}/`));
}

function notesOf({ source, goMod, packages, because }: GoApp): string[] {
  return [
    goRuntime(goMod).asked ?? 'go.mod asks for no version of Go',
    ...(isVendored(source) ? ['Using the modules in vendor'] : []),
    `Building ${packages.join(' ')}, by ${because}`,
  ];
}
