import { BECOME_COMMAND } from '../launch/profile.js';
import { LAUNCHER } from './build/cnb/places.js';
import { IMAGE_LABEL } from './build/labels.js';

/** How the image of a slug starts the commands of dynos. */
export type Launching =
  /** A shell runs them: the image is a Dockerfile's. */
  | 'plain'
  /** The same, after the profile that lies in the app's folder. */
  | 'profile'
  /** The launcher of a builder runs them, in the environment of its buildpacks. */
  | 'launcher';

export function launchingOf(labels: Readonly<Record<string, string>>): Launching {
  // An image that stands on one of tfk's has its labels too.
  if (IMAGE_LABEL.images in labels) return 'plain';
  if (IMAGE_LABEL.builder in labels) return 'launcher';
  return IMAGE_LABEL.layers in labels ? 'profile' : 'plain';
}

/**
 * What a shell becomes the command in its $1 by. The launcher sources the profiles of buildpacks by bash alone; where there is
 * none, the command has the rest of their environment.
 */
export const BECOMING: Readonly<Record<Launching, string>> = {
  plain: 'exec /bin/sh -c "$1"',
  profile: BECOME_COMMAND,
  launcher: `if [ -x /bin/bash ]; then exec ${LAUNCHER} "$1"; fi
exec ${LAUNCHER} -- /bin/sh -c "$1"`,
};
