import { join } from 'node:path';
import { Git } from '../git/program.js';
import { Pushes } from '../git/pushes.js';
import { Repositories } from '../git/repositories.js';
import { GitServer } from '../git/server.js';
import { gitEnvironment, gitPlaces } from '../git/settings.js';
import type { GitService } from '../http/services.js';
import type { Logger } from '../shared/logger.js';
import type { Store } from '../store/store.js';
import { GitDeploy, type GitDeployParts } from './git-deploy.js';

interface GitParts {
  readonly home: string;
  readonly store: Store;
  /** Where the git program is looked for. */
  readonly path: string;
  readonly nodePath: string;
  readonly hookProgram: string;
  readonly logger: Logger;
}

/** Everything of git, put together. */
export interface GitStage {
  /** What HTTP asks for, once the stages that build are there. */
  service(stages: Pick<GitDeployParts, 'sources' | 'builds' | 'releases'>): GitService;
  /** Once at a start, before anybody is let in. */
  prepare(): Promise<void>;
  forgetApp(appId: string): Promise<void>;
}

export function createGitStage({ home, store, path, nodePath, hookProgram, logger }: GitParts): GitStage {
  const places = gitPlaces(home);
  const git = new Git(gitEnvironment(places, path));
  const repositories = new Repositories(places, git);
  const pushes = new Pushes();
  const server = new GitServer({ git, places, repositories, pushes, logger });
  return {
    service(stages) {
      const deploys = new GitDeploy({ store, pushes, ...stages });
      return {
        serve: (caller, request) => server.serve(caller, request),
        assertUnderWay: (secret) => void pushes.find(secret),
        claim: (secret, commit) => void pushes.claim(secret, commit),
        deploy: (secret, tarball, signal) => deploys.deploy(secret, tarball, signal),
      };
    },
    prepare: () =>
      repositories.prepare(new Set(store.apps.list().map(({ id }) => id)), {
        node: nodePath,
        hook: hookProgram,
        socket: join(home, 'tfkd.sock'),
      }),
    forgetApp: (appId) => repositories.remove(appId),
  };
}
