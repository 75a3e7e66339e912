import type { Connection } from './database.js';

/** What whoever made an image says of it; nothing here goes by that. */
export interface OciImageDetails {
  readonly architecture: string | null;
  readonly baseImageName: string;
  readonly baseTopLayer: string;
  readonly commit: string;
  readonly commitDescription: string;
  readonly imageRepo: string;
  readonly stack: string;
  readonly buildpacks: readonly unknown[];
}

export interface OciImageProcess {
  readonly command: string;
  readonly displayCommand: string;
  readonly workingDir: string;
  readonly isDefault: boolean;
}

/** An image of the app's engine that was registered as one of the app's. */
export interface OciImageRecord {
  readonly id: string;
  readonly appId: string;
  /** As it was registered: `sha256:…` */
  readonly digest: string;
  /** What the engine calls it. */
  readonly imageId: string;
  readonly details: OciImageDetails;
  readonly processTypes: Readonly<Record<string, OciImageProcess>>;
  readonly createdAt: number;
}

type Row = Omit<OciImageRecord, 'details' | 'processTypes'> & { details: string; processTypes: string };

const COLUMNS = `id, app_id AS appId, digest, image_id AS imageId, details_json AS details,
  process_types_json AS processTypes, created_at AS createdAt`;

export class OciImageStore {
  constructor(private readonly db: Connection) {}

  insert(image: OciImageRecord): void {
    this.db
      .prepare(
        `INSERT INTO oci_images (id, app_id, digest, image_id, details_json, process_types_json, created_at)
         VALUES (@id, @appId, @digest, @imageId, @details, @processTypes, @createdAt)`,
      )
      .run({
        ...image,
        details: JSON.stringify(image.details),
        processTypes: JSON.stringify(image.processTypes),
      });
  }

  /** Those of the app, the newest first. */
  list(appId: string): OciImageRecord[] {
    return this.db
      .prepare<[string], Row>(
        `SELECT ${COLUMNS} FROM oci_images WHERE app_id = ? ORDER BY created_at DESC, rowid DESC`,
      )
      .all(appId)
      .map((row) => ({
        ...row,
        details: JSON.parse(row.details) as OciImageDetails,
        processTypes: JSON.parse(row.processTypes) as OciImageRecord['processTypes'],
      }));
  }
}
