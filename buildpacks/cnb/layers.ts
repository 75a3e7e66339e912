import { parse, stringify } from 'smol-toml';

/** Whose layer it is, as its folder is called, and what it is called. */
export interface LayerName {
  readonly buildpack: string;
  readonly layer: string;
}

/** A layer as its buildpack left it. */
export interface Layer extends LayerName {
  readonly build: boolean;
  readonly launch: boolean;
  readonly cache: boolean;
}

/** Also what its buildpack has noted of it, which may be a megabyte of tables. */
export interface DescribedLayer extends Layer {
  readonly metadata: unknown;
}

/** The folder of a buildpack's layers. */
export const folderOf = (buildpackId: string): string => buildpackId.replaceAll('/', '_');

export const pathOf = ({ buildpack, layer }: LayerName): string => `${buildpack}/${layer}`;

/** Of a folder below another one: not that one itself, nor the one above. */
export const isFolderName = (name: string): boolean => !['', '.', '..'].includes(name);

/** Files of a buildpack's folder that are none of a layer's. */
const NO_LAYERS: readonly string[] = ['store', 'launch', 'build'];

/** The layer that a path `<buildpack>/<layer>.toml` is of; null for what is of none. */
export function layerOf(path: string): LayerName | null {
  const [, buildpack = '', layer = ''] = /^([A-Za-z0-9._-]+)\/([^/]+)\.toml$/.exec(path) ?? [];
  if (NO_LAYERS.includes(layer) || !isFolderName(layer) || !isFolderName(buildpack)) return null;
  return buildpack === 'config' || buildpack === 'sbom' ? null : { buildpack, layer };
}

/** Of the text of its `<layer>.toml`; null where that cannot be read. */
export function readLayer(name: LayerName, toml: string): DescribedLayer | null {
  try {
    const table = parse(toml, { integersAsBigInt: true }) as Record<string, unknown>;
    const types = (table['types'] ?? {}) as Record<string, unknown>;
    return {
      ...name,
      build: types['build'] === true,
      launch: types['launch'] === true,
      cache: types['cache'] === true,
      metadata: table['metadata'],
    };
  } catch {
    return null;
  }
}

/** What the next build is given of a layer, by the table of layer types in the buildpack specification. */
export type Restoring =
  /** Its metadata, and what is in it. */
  | 'contents'
  /** Its metadata: its buildpack may ask for what is in it without seeing it. */
  | 'metadata'
  | 'nothing';

export function restoringOf({ build, launch, cache }: Pick<Layer, 'build' | 'launch' | 'cache'>): Restoring {
  if (cache) return 'contents';
  return launch && !build ? 'metadata' : 'nothing';
}

/** Each table is headed by the names of all around it: deep ones would become far longer than they are. */
const DEEPEST = 32;

/**
 * The `<layer>.toml` that the next build finds: without types, by which a buildpack says that it wants the layer again. Null for
 * what is nested too deeply to be told.
 */
export function restoredToml({ metadata }: Pick<DescribedLayer, 'metadata'>): string | null {
  if (metadata === undefined) return '';
  try {
    return stringify({ metadata }, { numbersAsFloat: true, maxDepth: DEEPEST });
  } catch {
    return null;
  }
}
