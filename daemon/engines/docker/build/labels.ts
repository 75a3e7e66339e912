import type { BuildpackRelease } from '../../../../buildpacks/classic/release.js';
import { isKeptWithSlug } from '../../build/buildpacks.js';

/** Labels of images that only the build side reads. */
export const IMAGE_LABEL = {
  /** Keys of the layer images that a slug's build used, with commas: kept as long as the slug, so that the next build finds them. */
  layers: 'tfk.layers',
  /** On a slug's main image: the process types that have images of their own, with commas. Without one of them the slug is none. */
  images: 'tfk.images',
  /** On a slug: what a classic buildpack's `bin/release` said, as JSON. */
  release: 'tfk.release-says',
  /** On a slug whose `bin/release` said what labels may not hold: it is run as it is, and built anew where that is asked for. */
  once: 'tfk.once',
  /** On a slug that a builder built: the builder's image. Its commands run by the launcher that it has. */
  builder: 'tfk.builder',
  /** Id of the image that this one adds to. */
  parent: 'tfk.parent',
  /** Bytes that this one and all below it add to the base image. */
  size: 'tfk.size',
} as const;

/** How a slug's image says what its `bin/release` said. */
export function releaseLabels(release: BuildpackRelease | null): Record<string, string> {
  if (!isKeptWithSlug(release)) return { [IMAGE_LABEL.once]: 'true' };
  return release === null ? {} : { [IMAGE_LABEL.release]: JSON.stringify(release) };
}

/** The other way round; null where the labels do not say it whole. */
export function releaseOf(
  labels: Readonly<Record<string, string>>,
): { readonly release: BuildpackRelease | null } | null {
  const said = labels[IMAGE_LABEL.release];
  const release = said === undefined ? null : (JSON.parse(said) as BuildpackRelease);
  // An earlier tfk kept all of it.
  return labels[IMAGE_LABEL.once] === undefined && isKeptWithSlug(release) ? { release } : null;
}
