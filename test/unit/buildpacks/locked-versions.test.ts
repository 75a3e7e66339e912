import { expect, it } from 'vitest';
import { lockedVersions } from '../../../buildpacks/locked-versions.js';

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

it('reads what go.mod requires, and nothing else of it', () => {
  const text = `module example.com/a

go 1.24

require golang.org/x/time v0.11.0

require (
	github.com/google/uuid v1.6.0
	golang.org/x/sys v0.30.0 // indirect
)

exclude (
	golang.org/x/net v0.1.0
)

replace golang.org/x/sys => golang.org/x/sys v0.29.0
`;
  expect(lockedVersions('go.mod', text)).toEqual({
    'golang.org/x/time': 'v0.11.0',
    'github.com/google/uuid': 'v1.6.0',
    'golang.org/x/sys': 'v0.30.0',
  });
});

it('reads the crates of Cargo.lock that are not the source’s own', () => {
  const source = 'source = "registry+https://example.com/index"\n';
  const entry = (name: string, version: string, more = '') =>
    `[[package]]\nname = "${name}"\nversion = "${version}"\n${more}dependencies = [\n "x",\n]\n\n`;
  const text = `version = 4\n\n${entry('rand', '0.9.1', source)}${entry('own', '0.1.0')}${entry('rand', '0.8.5', source)}`;
  expect(lockedVersions('Cargo.lock', text)).toEqual({ rand: '0.8.5, 0.9.1' });
});

it('reads the dependencies of pom.xml that name a version', () => {
  const dependency =
    '<dependency><groupId>a</groupId><artifactId>b</artifactId><version>1</version></dependency>';
  const text = `<project><dependencies>${dependency}</dependencies></project>`;
  expect(lockedVersions('pom.xml', text)).toEqual({ 'a:b': '1' });
});
