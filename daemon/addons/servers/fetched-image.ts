import type { ServiceHost, ServiceImage } from '../../engines/service-host.js';
import { TfkError } from '../../shared/errors.js';
import type { FetchRequest } from './container-host.js';

export interface WantedImage {
  readonly image: string;
  /** Where another one is named: `TFK_ADDON_POSTGRES_IMAGE`. */
  readonly setting: string;
}

/** The image as it is here; fetched where it is not. */
export async function fetchedImage(
  services: Pick<ServiceHost, 'image' | 'pull'>,
  { image, setting }: WantedImage,
  { progress, signal }: FetchRequest,
): Promise<ServiceImage> {
  const here = await services.image(image);
  if (here) return here;
  try {
    await services.pull(image, progress, signal);
  } catch (error) {
    if (!(error instanceof TfkError)) throw error;
    throw new TfkError(error.id, error.message, {
      hint: `On a machine without a registry, load an image (docker load) and name it in ${setting}; else type: docker pull ${image}`,
      cause: error,
    });
  }
  const fetched = await services.image(image);
  if (fetched) return fetched;
  throw new TfkError('unavailable', `The image ${image} was fetched, and is gone again. Try once more.`);
}

/** The one that is wanted by now, where it is here; else the one that the data was made with. Fetches nothing. */
export async function imageOver(
  services: Pick<ServiceHost, 'image'>,
  wanted: string,
  made: string,
): Promise<string> {
  return wanted !== made && (await services.image(wanted)) ? wanted : made;
}
