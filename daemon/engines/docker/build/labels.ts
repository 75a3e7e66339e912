/** Labels of images that only the build side reads. */
export const IMAGE_LABEL = {
  /** Keys of the layer images that a slug's build used, with commas: kept as long as the slug, so that the next build finds them. */
  layers: 'tfk.layers',
  /** On a slug's main image: the process types that have images of their own, with commas. Without one of them the slug is none. */
  images: 'tfk.images',
  /** On a slug: what a classic buildpack's `bin/release` said, as JSON. */
  release: 'tfk.release-says',
  /** Id of the image that this one adds to. */
  parent: 'tfk.parent',
  /** Bytes that this one and all below it add to the base image. */
  size: 'tfk.size',
} as const;

/** Is it the image of a folder that tfk built, and not of a Dockerfile? */
export const isOfFolder = (labels: Readonly<Record<string, string>>): boolean =>
  IMAGE_LABEL.layers in labels && !(IMAGE_LABEL.images in labels);
