import type { ServiceHost, ServiceImage } from '../../engines/service-host.js';
import { TfkError } from '../../shared/errors.js';
import type { AddonData } from '../addon.js';
import type { FetchRequest } from '../servers/container-host.js';
import { fetchedImage } from '../servers/fetched-image.js';
import { OLDEST_MAJOR } from './binaries.js';

/** An image of PostgreSQL, like the official one. */
export interface PostgresImage extends AddonData {
  readonly image: string;
  readonly major: number;
  /** Where it wants the volume with the data. */
  readonly dataPath: string;
  /** The folder of the data, in that volume. */
  readonly pgData: string;
}

const SETTING = 'TFK_ADDON_POSTGRES_IMAGE';
/** The first that is here is taken; where none is, the first is fetched. */
const KNOWN = ['postgres:17', 'postgres:16', 'postgres:15'] as const;

/** Which image a server runs. Data is of one major version for life, whatever the setting says today. */
export class WhichImage {
  constructor(
    private readonly services: Pick<ServiceHost, 'image' | 'pull'>,
    private readonly setting: string | null,
  ) {}

  async forNew(request: FetchRequest): Promise<PostgresImage> {
    const chosen = this.setting ?? (await this.firstHere()) ?? KNOWN[0];
    return imageOf(chosen, await this.fetched(chosen, request));
  }

  /** The setting's, where it fits the data, else the one that the data was made with. Fetches nothing. */
  async forData(made: PostgresImage): Promise<PostgresImage> {
    const { setting } = this;
    if (setting === null || setting === made.image) return made;
    const here = await this.services.image(setting);
    return here && reads(here, made) ? { ...made, image: setting } : made;
  }

  /** Brings the image of `forData` here, and looks whether its name still means one that reads the data. */
  async assertHere(name: string, chosen: PostgresImage, request: FetchRequest): Promise<void> {
    const found = await this.fetched(chosen.image, request);
    if (reads(found, chosen)) return;
    const { major, pgData, image } = chosen;
    const why =
      majorIn(found) === major
        ? `in ${pgData}, and the image ${image} keeps its own in ${pgDataIn(found)}`
        : `of PostgreSQL ${major}, and the image ${image} is of ${majorIn(found) ?? 'none'}`;
    throw new TfkError(
      'conflict',
      `The data of ${name} is ${why}. It was not started, and its data is untouched.`,
      {
        hint: `Set ${SETTING} to an image of PostgreSQL ${major} with PGDATA ${pgData}, e.g. postgres:${major}, and restart tfkd.`,
      },
    );
  }

  private async firstHere(): Promise<string | undefined> {
    for (const reference of KNOWN) {
      if (await this.services.image(reference)) return reference;
    }
    return undefined;
  }

  private fetched(image: string, request: FetchRequest): Promise<ServiceImage> {
    return fetchedImage(this.services, { image, setting: SETTING }, request);
  }
}

function imageOf(reference: string, image: ServiceImage): PostgresImage {
  const major = majorIn(image);
  if (major !== undefined && major >= OLDEST_MAJOR)
    return { image: reference, major, dataPath: dataPathIn(image), pgData: pgDataIn(image) };
  const what =
    major === undefined ? 'is no image of PostgreSQL like the official one' : `is of PostgreSQL ${major}`;
  throw new TfkError('invalid_params', `The image ${reference} ${what}. Nothing was created.`, {
    hint: `Set ${SETTING} to an image like postgres:${OLDEST_MAJOR} or newer.`,
  });
}

/** The official image says it in its environment, and so do images made of it. */
function majorIn({ env }: ServiceImage): number | undefined {
  const major = Number.parseInt(env['PG_MAJOR'] ?? '', 10);
  return Number.isNaN(major) ? undefined : major;
}

/** Over data in another folder the image would make a new, empty server. */
function reads(image: ServiceImage, made: PostgresImage): boolean {
  return (
    majorIn(image) === made.major && dataPathIn(image) === made.dataPath && pgDataIn(image) === made.pgData
  );
}

const pgDataIn = ({ env }: ServiceImage): string => env['PGDATA'] ?? '/var/lib/postgresql/data';

/** The image's own volume, in which its PGDATA lies: up to 17 the same folder, from 18 on one above. */
function dataPathIn(image: ServiceImage): string {
  const data = pgDataIn(image);
  return image.volumes.find((volume) => data === volume || data.startsWith(`${volume}/`)) ?? data;
}
