/** What an image says of itself, as far as builders are told by it. */
export interface ImageFacts {
  readonly labels: Readonly<Record<string, string>>;
  /** Lines `NAME=value`. */
  readonly env: readonly string[];
}

/** A builder, as tfk uses it. */
export interface Builder {
  /** As whom its lifecycle runs; never root. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** `0.21.0`; null where it does not say. */
  readonly lifecycle: string | null;
  /** The Platform API that tfk speaks with it: the newest that both know. */
  readonly platformApi: string;
  /** The images that its apps run on, the one to be preferred first. */
  readonly runImages: readonly string[];
  readonly buildpacks: readonly BuildpackOf[];
  /** The groups of buildpacks that it tries, in order; empty where it does not say. */
  readonly order: readonly (readonly string[])[];
}

export interface BuildpackOf {
  readonly id: string;
  readonly version: string;
}

export type ReadBuilder =
  | { readonly ok: true; readonly builder: Builder }
  /** The second half of a sentence that begins with the image. */
  | { readonly ok: false; readonly why: string };

/** Those that tfk speaks, the newest first. */
export const PLATFORM_APIS: readonly string[] = [
  '0.15',
  '0.14',
  '0.13',
  '0.12',
  '0.11',
  '0.10',
  '0.9',
  '0.8',
  '0.7',
];

const METADATA = 'io.buildpacks.builder.metadata';
const LIFECYCLE_APIS = 'io.buildpacks.lifecycle.apis';
const LIFECYCLE_VERSION = 'io.buildpacks.lifecycle.version';
const ORDER = 'io.buildpacks.buildpack.order';

const refused = (why: string): ReadBuilder => ({ ok: false, why });

/** Reads what `pack builder create` writes into an image. */
export function readBuilder({ labels, env }: ImageFacts): ReadBuilder {
  const text = labels[METADATA];
  if (text === undefined) return refused(`is no builder: it has no label ${METADATA}`);
  const metadata = tableOf(parsed(text));
  const user = { uid: idOf('CNB_USER_ID', env), gid: idOf('CNB_GROUP_ID', env) };
  if (user.uid === null || user.gid === null)
    return refused('is no builder: its environment has no CNB_USER_ID and CNB_GROUP_ID that are numbers');
  if (user.uid === 0) return refused('would build as root, by its CNB_USER_ID: tfk runs no builder so');
  const platformApi = commonApi(metadata, labels);
  if (!platformApi.ok) return platformApi;
  const runImages = runImagesOf(metadata);
  if (runImages.length === 0)
    return refused('is no builder: it does not say on which image its apps are to run');
  return {
    ok: true,
    builder: {
      user: { uid: user.uid, gid: user.gid },
      lifecycle: textOf(tableOf(metadata['lifecycle'])['version']) ?? textOf(labels[LIFECYCLE_VERSION]),
      platformApi: platformApi.api,
      runImages,
      buildpacks: listOf(metadata['buildpacks']).flatMap(buildpackOf),
      order: orderOf(parsed(labels[ORDER] ?? '')),
    },
  };
}

/** `0.12` where the builder tells its APIs so, or `{ supported, deprecated }` lists; older ones name a single one. */
function commonApi(metadata: Table, labels: ImageFacts['labels']) {
  const lifecycle = tableOf(metadata['lifecycle']);
  const told = [lifecycle['apis'], parsed(labels[LIFECYCLE_APIS] ?? '')]
    .map((apis) => tableOf(tableOf(apis)['platform']))
    .map(({ supported, deprecated }) => [...textsOf(supported), ...textsOf(deprecated)])
    .find((apis) => apis.length > 0);
  const known = told ?? textsOf([tableOf(lifecycle['api'])['platform']]);
  const api = PLATFORM_APIS.find((version) => known.includes(version));
  if (api !== undefined) return { ok: true, api } as const;
  const its = known.length === 0 ? 'does not say which Platform API it has' : `has ${known.join(', ')}`;
  return {
    ok: false,
    why: `has no Platform API that tfk knows: its lifecycle ${its}, and tfk knows ${PLATFORM_APIS.at(-1) ?? ''} to ${PLATFORM_APIS[0] ?? ''}`,
  } as const;
}

/** The images of newer builders, or the one of the stack; each with its mirrors. */
function runImagesOf(metadata: Table): string[] {
  const stack = tableOf(tableOf(metadata['stack'])['runImage']);
  const [first] = [...listOf(metadata['images']), stack].map(tableOf).filter(({ image }) => textOf(image));
  return first === undefined ? [] : [...textsOf([first['image']]), ...textsOf(first['mirrors'])];
}

const orderOf = (order: unknown): string[][] =>
  listOf(order).map((entry) =>
    listOf(tableOf(entry)['group']).flatMap((element) => textsOf([tableOf(element)['id']])),
  );

function buildpackOf(value: unknown): BuildpackOf[] {
  const { id, version } = tableOf(value);
  const [itsId, itsVersion] = [textOf(id), textOf(version)];
  return itsId === null || itsVersion === null ? [] : [{ id: itsId, version: itsVersion }];
}

function idOf(name: string, env: readonly string[]): number | null {
  const value = env.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return /^\d{1,9}$/.test(value) ? Number(value) : null;
}

type Table = Readonly<Record<string, unknown>>;

const tableOf = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
/** All that is read are names and versions, which are shown: none has blanks, nor anything that steers a terminal. */
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && /^[\x21-\x7E]{1,512}$/.test(value) ? value : null;
const textsOf = (value: unknown): string[] =>
  listOf(value).filter((entry) => textOf(entry) !== null) as string[];

/** What is no JSON says nothing. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return null;
  }
}
