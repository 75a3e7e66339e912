import { expect, it } from 'vitest';
import { lockedVersions } from '../../../buildpacks/node/locked-versions.js';

const wanted = { pg: '8.1.0', '@scope/a': '1.0.0', semver: '6.3.1, 7.5.0' };

it('reads what npm has locked, several versions of one package side by side', () => {
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { name: 'shop', version: '9.9.9' },
      'node_modules/pg': { version: '8.1.0' },
      'node_modules/@scope/a': { version: '1.0.0' },
      'node_modules/semver': { version: '7.5.0' },
      'node_modules/pg/node_modules/semver': { version: '6.3.1' },
    },
  };
  expect(lockedVersions('package-lock.json', JSON.stringify(lock))).toEqual(wanted);
});

it('reads what yarn has locked, classic and berry', () => {
  const classic = `# yarn lockfile v1

"@scope/a@^1.0.0":
  version "1.0.0"
  resolved "x"

pg@^8.0.0, pg@~8.1:
  version "8.1.0"

semver@^6.0.0:
  version "6.3.1"

semver@^7.0.0:
  version "7.5.0"
`;
  const berry = `"@scope/a@npm:^1.0.0":
  version: 1.0.0
  resolution: "x"

"pg@npm:^8.0.0":
  version: 8.1.0

"semver@npm:^6.0.0":
  version: 6.3.1

"semver@npm:^7.0.0":
  version: 7.5.0
`;
  expect(lockedVersions('yarn.lock', classic)).toEqual(wanted);
  expect(lockedVersions('yarn.lock', berry)).toEqual(wanted);
});

it('reads what pnpm has locked', () => {
  const lock = `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      pg:
        specifier: ^8.0.0

packages:

  '@scope/a@1.0.0':
    resolution: {integrity: x}

  pg@8.1.0:
    resolution: {integrity: x}

  semver@6.3.1:
    resolution: {integrity: x}

  semver@7.5.0:
    resolution: {integrity: x}

snapshots:

  other@1.0.0: {}
`;
  expect(lockedVersions('pnpm-lock.yaml', lock)).toEqual(wanted);
});

it('gives nothing for what it cannot read', () => {
  expect(lockedVersions('package-lock.json', '{')).toEqual({});
  expect(lockedVersions('package-lock.json', 'null')).toEqual({});
  expect(lockedVersions('yarn.lock', '\u0000')).toEqual({});
});
