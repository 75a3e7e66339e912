import type { AppRecord } from '../../store/apps.js';
import type { OciImageRecord } from '../../store/oci-images.js';
import type { ReleaseRecord } from '../../store/releases.js';

/** What a process type is to run. */
export interface ImageWish {
  /** Of the app's engine, by name, id or digest. */
  readonly image: string;
  /** Null: the image as it is. */
  readonly command: string | null;
}

export type NewOciImage = Pick<OciImageRecord, 'digest' | 'processTypes' | 'details'>;

export interface ImageService {
  /** The image has to be on the app's engine. Without process types its own command is `web`. */
  register(app: AppRecord, image: NewOciImage): Promise<OciImageRecord>;
  /** It becomes the app's code, with the process types that it was registered with, and no others. */
  releaseImage(
    app: AppRecord,
    image: OciImageRecord,
    description: string | null,
    actor: string,
  ): Promise<ReleaseRecord>;
  /** Process type → image: they run it as it is from now on, beside those that run images already. */
  releaseTypes(
    app: AppRecord,
    types: Readonly<Record<string, string>>,
    actor: string,
  ): Promise<ReleaseRecord>;
}
