import type { Hint } from '../plan.js';

const NEWER =
  'The source wants a newer Java: name its line in system.properties, as in `java.runtime.version=21`.';

/** For what Maven says; the first that fits. */
export const HINTS: readonly Hint[] = [
  {
    when: 'mvn: not found',
    say: 'There is no Maven on this machine: install it (Debian: maven), or commit its wrapper by `mvn wrapper:wrapper`.',
  },
  { when: 'invalid target release', say: NEWER },
  { when: 'invalid source release', say: NEWER },
  { when: 'error: release version', say: NEWER },
  {
    when: 'is no longer supported. Use',
    say: 'pom.xml does not say for which Java it compiles: set maven.compiler.source and maven.compiler.target among its properties, e.g. to 17.',
  },
  {
    when: 'PKIX path building failed',
    say: 'Java does not know who signed the certificate of a repository: start tfkd with SSL_CERT_FILE naming a bundle that has it.',
  },
  {
    when: 'Could not find artifact',
    say: 'Look for the name and version in pom.xml; private repositories are named in settings.xml beside it.',
  },
  {
    when: 'Could not resolve dependencies',
    say: 'Run `mvn package` in the folder: it has to find the same dependencies there.',
  },
];
