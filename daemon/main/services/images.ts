import { shellLine } from '../../../buildpacks/dockerfile/shell-line.js';
import { isImageId } from '../../engines/image-reference.js';
import type { ImageService, ImageWish, NewOciImage } from '../../http/services.js';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { OciImageProcess, OciImageRecord } from '../../store/oci-images.js';
import type { Store } from '../../store/store.js';
import { ImageReleases, type ImageReleaseParts } from '../image-releases.js';

/** Digits of an image's id by which people tell images apart. */
const SHORT = 12;

export function imageService(parts: ImageReleaseParts): ImageService {
  const { store, clock } = parts;
  const images = new ImageReleases(parts);
  return {
    async register(app, { digest, processTypes, details }) {
      if (!isImageId(digest)) throw noDigest(digest);
      const named = details.imageRepo === '' ? [] : [`${details.imageRepo}@${digest}`];
      const image = await images.find(app, [digest, ...named]);
      const types = Object.keys(processTypes).length > 0 ? processTypes : asItIs(image.command);
      return inserted(
        { store, clock },
        {
          appId: app.id,
          digest,
          imageId: image.id,
          processTypes: types,
          details: { ...details, architecture: details.architecture ?? image.architecture },
        },
      );
    },
    releaseImage(app, { digest, imageId, processTypes, details }, description, actor) {
      const types = Object.entries(processTypes).map(([type, process]) => [
        type,
        { image: imageId, command: lineOf(process) },
      ]);
      return images.release(app, {
        types: Object.fromEntries(types) as Record<string, { image: string; command: string | null }>,
        keepOthers: false,
        version: details.commit === '' ? shortOf(digest) : details.commit,
        description,
        actor,
      });
    },
    async releaseTypes(app, types, actor) {
      // By their ids from here on: what the release is called is what it runs, whatever becomes of a tag meanwhile.
      const found: Record<string, ImageWish> = {};
      for (const [type, name] of Object.entries(types))
        found[type] = { image: (await images.find(app, [name])).id, command: null };
      const version = Object.entries(found)
        .map(([type, { image }]) => `${type} (${shortOf(image)})`)
        .join(', ');
      return images.release(app, {
        types: found,
        keepOthers: true,
        version,
        description: `Deployed ${version}`,
        actor,
      });
    },
  };
}

function inserted(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  image: Omit<OciImageRecord, 'id' | 'createdAt'>,
): OciImageRecord {
  const record = { ...image, id: newId(), createdAt: clock.now() };
  store.ociImages.insert(record);
  return record;
}

/** Of an image that says itself what it runs. */
const asItIs = (command: string | null): NewOciImage['processTypes'] =>
  command === null ? {} : { web: { command, displayCommand: command, workingDir: '', isDefault: true } };

const lineOf = ({ command, workingDir }: OciImageProcess): string =>
  workingDir === '' ? command : `cd ${shellLine([workingDir])} && ${command}`;

const shortOf = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, SHORT);

const noDigest = (digest: string): TfkError =>
  new TfkError(
    'invalid_params',
    `digest is not "sha256:<64 hex digits>": ${JSON.stringify(digest.slice(0, 100))}. Nothing was made.`,
    { hint: 'Ask for it with: docker inspect --format "{{.Id}}" IMAGE' },
  );
