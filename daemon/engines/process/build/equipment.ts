import type { BuildPlan, Runtime } from '../../../../buildpacks/plan.js';
import type { Toolchain } from '../toolchains/toolchain.js';
import type { Toolchains } from '../toolchains/toolchains.js';

/** The languages of a plan, as this machine has them. */
export interface Equipment {
  /** For the front of a build's PATH. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** For the front of a dyno's PATH, behind the slug's own folders. */
  readonly launchPath: readonly string[];
  /** `Python 3.11.2`, for the build output. */
  readonly names: readonly string[];
  /** Tells two of them apart. */
  readonly identity: string;
}

export type FoundEquipment =
  { readonly ok: true; readonly equipment: Equipment } | { readonly ok: false; readonly message: string };

/** Finds what the plan asks for on this machine. */
export async function equipmentOf(plan: BuildPlan, toolchains: Toolchains): Promise<FoundEquipment> {
  const found = new Map<Runtime, Toolchain>();
  for (const runtime of [plan.runtime, ...plan.tools, plan.launchRuntime]) {
    const toolchain = await toolchains.find(runtime);
    if (!toolchain.ok) return toolchain;
    found.set(runtime, toolchain.toolchain);
  }
  const of = (runtimes: readonly Runtime[]) => runtimes.flatMap((runtime) => found.get(runtime) ?? []);
  const build = of([plan.runtime, ...plan.tools]);
  const launch = of([plan.launchRuntime, ...plan.tools]);
  return {
    ok: true,
    equipment: {
      path: pathOf(build),
      env: Object.assign({}, ...build.map(({ env }) => env)) as Record<string, string>,
      launchPath: pathOf(launch),
      names: [plan.runtime, ...plan.tools].flatMap((runtime) => nameOf(runtime, found.get(runtime))),
      identity: identityOf([...build, ...launch]),
    },
  };
}

const pathOf = (toolchains: readonly Toolchain[]): string[] => [
  ...new Set(toolchains.flatMap(({ path }) => path)),
];

const identityOf = (toolchains: readonly Toolchain[]): string =>
  [...new Set(toolchains.map(({ version, path }) => [version, ...path].join(' ')))].join(', ');

const NAMES = {
  node: 'Node.js',
  python: 'Python',
  go: 'Go',
  java: 'Java',
  jre: 'Java',
  rust: 'Rust',
} as const;

function nameOf({ language }: Runtime, toolchain: Toolchain | undefined): string[] {
  if (!(language in NAMES) || toolchain === undefined) return [];
  return [`${NAMES[language as keyof typeof NAMES]} ${toolchain.version}`];
}
