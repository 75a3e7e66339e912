import { fileURLToPath } from 'node:url';
import { entrypoint, lifecycle, nodeOfThisMachine } from './files.mjs';

const file = (name) => fileURLToPath(new URL(`files/${name}`, import.meta.url));
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where the official images have it. */
const JAVA_HOME_LINK = 'mkdir -p /opt/java && ln -s /usr/lib/jvm/java-17-openjdk-* /opt/java/openjdk';

/**
 * What the stand-ins are made of, by the tag of the official image. Each has the users, paths, environment, entrypoint and
 * volumes of its model, and nothing of this machine: no certificates, no proxy, no settings.
 *
 * - `packages`: Debian's, beside a minimal system. Or `from`: the stand-in on which it stands.
 * - `before`: a shell command on the new system (`$1`) before its packages are installed; `after`: when they all are.
 * - `files`: what is put on top, as a tar stream. `setup`: a shell command that runs in it at last.
 * - `onRequest`: made only when it is named: a compiler is large, and slow to unpack; and compiling takes its minute.
 * - `config`: as `docker inspect` shows it.
 */
export const IMAGES = {
  'debian:bookworm-slim': {
    packages: [],
    config: { Env: [`PATH=${PATH}`], Cmd: ['bash'] },
  },

  'node:20-slim': {
    from: 'debian:bookworm-slim',
    files: () => nodeOfThisMachine(20, file('node-entrypoint.sh')),
    setup: 'groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node',
    config: {
      Env: [`PATH=${PATH}`, `NODE_VERSION=${process.versions.node}`],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['node'],
    },
  },

  'python:3.11-slim-bookworm': {
    packages: ['ca-certificates', 'python3', 'python3-pip', 'python3-venv'],
    // The official one is built from source, and knows nothing of Debian's own packages.
    setup: [
      'rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED',
      'cd /usr/local/bin',
      'for name in python3 python3.11; do ln -s "/usr/bin/$name" .; done && ln -s python3 python',
      'printf \'#!/bin/sh\\nexec /usr/bin/pip3 "$@"\\n\' >pip && chmod 755 pip && ln -s pip pip3',
    ].join(' && '),
    config: { Env: [`PATH=${PATH}`, 'LANG=C.UTF-8', 'PYTHON_VERSION=3.11.2'], Cmd: ['python3'] },
  },

  'buildpack-deps:bookworm-curl': {
    packages: ['ca-certificates', 'curl', 'wget', 'gnupg'],
    config: { Env: [`PATH=${PATH}`], Cmd: ['bash'] },
  },

  'golang:1.19-bookworm': {
    onRequest: true,
    packages: ['ca-certificates', 'gcc', 'git', 'golang-go', 'libc6-dev'],
    setup: 'ln -s /usr/lib/go /usr/local/go && mkdir -p /go/bin && chmod -R 1777 /go',
    config: {
      Env: [`PATH=/go/bin:/usr/local/go/bin:${PATH}`, 'GOLANG_VERSION=1.19.8', 'GOPATH=/go'],
      Cmd: ['bash'],
    },
  },

  'maven:3-eclipse-temurin-17': {
    onRequest: true,
    packages: ['ca-certificates', 'maven', 'openjdk-17-jdk-headless'],
    setup: JAVA_HOME_LINK,
    config: {
      Env: [
        `PATH=/opt/java/openjdk/bin:${PATH}`,
        'JAVA_HOME=/opt/java/openjdk',
        'JAVA_VERSION=jdk-17.0.15+6',
      ],
      Cmd: ['mvn'],
    },
  },

  'eclipse-temurin:17-jre': {
    onRequest: true,
    packages: ['ca-certificates', 'openjdk-17-jre-headless'],
    setup: JAVA_HOME_LINK,
    config: {
      Env: [
        `PATH=/opt/java/openjdk/bin:${PATH}`,
        'JAVA_HOME=/opt/java/openjdk',
        'JAVA_VERSION=jdk-17.0.15+6',
      ],
      Cmd: ['bash'],
    },
  },

  'rust:1.63-bookworm': {
    onRequest: true,
    packages: ['ca-certificates', 'cargo', 'gcc', 'libc6-dev', 'libssl-dev', 'pkg-config', 'rustc'],
    config: { Env: [`PATH=/usr/local/cargo/bin:${PATH}`, 'RUST_VERSION=1.63.0'], Cmd: ['bash'] },
  },

  'buildpacksio/lifecycle:0.21.0': {
    onRequest: true,
    from: 'debian:bookworm-slim',
    files: () => lifecycle('0.21.0'),
    config: { Env: [`PATH=${PATH}`], Cmd: ['bash'] },
  },

  'redis:7': {
    packages: ['redis-server'],
    // The official user id.
    before: [
      'echo "redis:x:999:" >>"$1/etc/group"',
      'echo "redis:x:999:999::/var/lib/redis:/usr/sbin/nologin" >>"$1/etc/passwd"',
    ].join(' && '),
    files: () => entrypoint(file('redis-entrypoint.sh')),
    setup: 'mkdir -p /data && chown redis:redis /data',
    config: {
      Env: [`PATH=${PATH}`, 'REDIS_VERSION=7.0.15'],
      WorkingDir: '/data',
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['redis-server'],
      ExposedPorts: { '6379/tcp': {} },
      Volumes: { '/data': {} },
    },
  },

  'postgres:15': {
    packages: ['postgresql-15'],
    // The official user id; and no cluster that the package would make by itself.
    before: [
      'echo "postgres:x:999:" >>"$1/etc/group"',
      'echo "postgres:x:999:999::/var/lib/postgresql:/bin/bash" >>"$1/etc/passwd"',
      'mkdir -p "$1/etc/postgresql-common"',
      'echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"',
    ].join(' && '),
    after: `sed -ri "s/^#?listen_addresses.*/listen_addresses = '*'/" "$1/usr/share/postgresql/15/postgresql.conf.sample"`,
    files: () => entrypoint(file('postgres-entrypoint.sh')),
    setup: [
      'mkdir -p /docker-entrypoint-initdb.d /var/lib/postgresql/data /var/run/postgresql',
      'chown -R postgres:postgres /var/lib/postgresql /var/run/postgresql',
      'chmod 1777 /var/lib/postgresql/data && chmod 3777 /var/run/postgresql',
    ].join(' && '),
    config: {
      Env: [
        `PATH=${PATH}:/usr/lib/postgresql/15/bin`,
        'LANG=C.UTF-8',
        'PG_MAJOR=15',
        'PGDATA=/var/lib/postgresql/data',
      ],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      ExposedPorts: { '5432/tcp': {} },
      Volumes: { '/var/lib/postgresql/data': {} },
      StopSignal: 'SIGINT',
    },
  },
};
