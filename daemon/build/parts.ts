import type { BuildRequest } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import type { BuildpackLibrary } from './buildpacks/library.js';
import type {
  BuildPaths,
  BuildRecords,
  CreateRelease,
  PlanContextOf,
  SetUpApp,
  SlugEngine,
} from './contracts.js';
import type { BuildLimits } from './limits.js';
import type { BuildOutputs } from './output.js';
import type { Sources } from './receive.js';

/** Everything the build stage works with; main puts it together. */
export interface BuildParts {
  /** The engine that builds the app now. */
  readonly engineOf: (appId: string) => SlugEngine;
  readonly records: BuildRecords;
  readonly createRelease: CreateRelease;
  readonly setUp: SetUpApp;
  readonly planContext: PlanContextOf;
  readonly buildpacks: BuildpackLibrary;
  /** As BuildRequest.configKey. */
  readonly configKey: BuildRequest['configKey'];
  /** CA bundle and proxy settings of the host, for the steps. */
  readonly buildEnv: Readonly<Record<string, string>>;
  readonly sources: Sources;
  readonly outputs: BuildOutputs;
  readonly paths: BuildPaths;
  readonly limits: BuildLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}
