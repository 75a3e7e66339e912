import { initial } from './0001-initial.js';
import { engineOfAnApp } from './0002-engine-of-an-app.js';
import { pipelines } from './0003-pipelines.js';
import { webhooks } from './0004-webhooks.js';
import { descriptionOfASource } from './0005-description-of-a-source.js';
import { hostsOfAddons } from './0006-hosts-of-addons.js';
import { buildpackInstallations } from './0007-buildpack-installations.js';
import { stackOfAnApp } from './0008-stack-of-an-app.js';
import { sniEndpoints } from './0009-sni-endpoints.js';
import { logDrains } from './0010-log-drains.js';
import { appSetups } from './0011-app-setups.js';
import { users } from './0012-users.js';
import { slugUploads } from './0013-slug-uploads.js';
import { keys } from './0014-keys.js';
import { preboot } from './0015-preboot.js';
import { ociImages } from './0016-oci-images.js';
import { addonRotations } from './0017-addon-rotations.js';
import { backups } from './0018-backups.js';
import { cron } from './0019-cron.js';
import { broughtEnv } from './0020-brought-env.js';
import type { Migration } from './migration.js';

/** Step n brings the schema from version n-1 to n. */
export const migrations: readonly Migration[] = [
  initial,
  engineOfAnApp,
  pipelines,
  webhooks,
  descriptionOfASource,
  hostsOfAddons,
  buildpackInstallations,
  stackOfAnApp,
  sniEndpoints,
  logDrains,
  appSetups,
  users,
  slugUploads,
  keys,
  preboot,
  ociImages,
  addonRotations,
  backups,
  cron,
  broughtEnv,
];
