import { BUILD } from '../steps/container-options.js';

/** The folders of a build by a builder, as the platform specification has them; all but the last two are in its image too. */
export const APP_DIR = '/workspace';
export const LAYERS_DIR = '/layers';
export const LIFECYCLE_DIR = '/cnb/lifecycle';
export const LAUNCHER = `${LIFECYCLE_DIR}/launcher`;
export const PLATFORM_DIR = '/platform';
export const ORDER_FILE = `${BUILD}/order.toml`;
