import { stringify } from 'smol-toml';
import { orderToml } from '../../../../../buildpacks/cnb/order.js';
import type { PlannedBuilder } from '../../../../../buildpacks/plan.js';
import type { TreeEntry } from '../../../../shared/tree.js';
import { StepFailed } from '../../../build/step-failed.js';
import type { BuildRequest } from '../../../engine.js';
import { files, folders, tree, type Part } from '../steps/archives.js';
import { handOver } from '../steps/build-env.js';
import { cacheFolder } from '../steps/container-options.js';
import { ownedBy } from './carry.js';
import type { BuilderImages, FoundImage } from './images.js';
import { APP_DIR, LAYERS_DIR, ORDER_FILE, PLATFORM_DIR } from './places.js';
import { seenFiles } from './seen-files.js';

/** What the container of a builder gets before its lifecycle runs. */
export interface Equipment {
  readonly parts: readonly Part[];
  /** Of the lifecycle itself, which hands no other of its variables on to buildpacks. */
  readonly env: Readonly<Record<string, string>>;
}

/** The lifecycle passes these on of its own environment; all else is a buildpack told in files. */
const PROXIES = /^(?:HTTPS?|NO)_PROXY$/i;

/**
 * The source, the build environment as files of the platform folder, and what the lifecycle reads of the platform; all of it
 * the builder's user's. Rejects with StepFailed where the builder lacks a buildpack that is asked for.
 */
export async function equip(
  request: BuildRequest,
  planned: PlannedBuilder,
  how: {
    readonly images: BuilderImages;
    readonly source: readonly TreeEntry[];
    readonly cache: string;
    readonly now: number;
  },
): Promise<Equipment> {
  const { images, source, cache, now } = how;
  const handed = await handOver(request.env);
  for (const warning of handed.warnings) request.output.warning(warning);
  const proxies = Object.entries(handed.env).filter(([name]) => PROXIES.test(name));
  const others = Object.entries(handed.env).filter(([name]) => !PROXIES.test(name));
  const variables = { ...Object.fromEntries(others), ...planned.env, ...request.config };
  const own = [LAYERS_DIR, APP_DIR, `${PLATFORM_DIR}/env`, cacheFolder(cache)].map(named);
  const parts = [
    folders(own, now),
    files(handed.files, now),
    files(new Map(Object.entries(variables).map(platformFile)), now, 0o600),
    files(
      new Map([...lifecycleFiles(planned, images)].map(([path, toml]) => [path, Buffer.from(toml)])),
      now,
    ),
    tree(request.sourceDir, await seenFiles(planned.files, source), { to: named(APP_DIR), now }),
  ];
  return {
    parts: parts.map((part) => ownedBy(images.builder.user, part)),
    env: Object.fromEntries(proxies),
  };
}

const named = (path: string): string => path.slice(1);

const platformFile = ([name, value]: [string, string]): [string, Buffer] => [
  `${named(PLATFORM_DIR)}/env/${name}`,
  Buffer.from(value),
];

function lifecycleFiles({ group }: PlannedBuilder, { builder, run }: BuilderImages): Map<string, string> {
  const written = new Map([[`${named(LAYERS_DIR)}/analyzed.toml`, analyzedToml(run)]]);
  if (group.length === 0) return written;
  const order = orderToml(group, builder);
  if (!order.ok)
    throw new StepFailed({
      ok: false,
      reason: 'detect',
      message: order.message,
      hint: 'Correct project.toml, or name another builder, and push again.',
    });
  return written.set(named(ORDER_FILE), order.toml);
}

/** What an analyzer says of the image that the app is to run on. */
function analyzedToml({ ref, id, labels, architecture }: FoundImage): string {
  const name = labels['io.buildpacks.base.distro.name'];
  const version = labels['io.buildpacks.base.distro.version'];
  const distro = name === undefined || version === undefined ? {} : { distro: { name, version } };
  const target = { os: 'linux', arch: architecture, ...distro };
  return stringify({ 'run-image': { image: ref, reference: id, target } });
}
