import { debian, installMmdebstrap } from './debian.mjs';
import { IMAGES } from './definitions.mjs';

/** On all that is made here; what lacks it is neither replaced nor removed. */
export const LABEL = 'tfk.test.stand-in';
const PULL_LIMIT_MS = 300_000;

/** Makes images that an engine lacks: the official one where a registry answers, else a stand-in. */
export class StandIns {
  #docker;
  #say;
  #asked = new Map();

  constructor(docker, say) {
    this.#docker = docker;
    this.#say = say;
  }

  /** Resolves to how the image came: `present`, `pulled` or `made`. Each is made once, however many stand on it. */
  ensure(tag) {
    const asked = this.#asked.get(tag) ?? this.#obtain(tag);
    this.#asked.set(tag, asked);
    return asked;
  }

  async #obtain(tag) {
    if (await this.#has(tag)) return 'present';
    const refusal = await this.#pull(tag);
    if (refusal === null) return 'pulled';
    this.#say(`${tag}: making a stand-in, as it cannot be pulled: ${refusal}`);
    await this.#make(tag, IMAGES[tag]);
    return 'made';
  }

  async #has(tag) {
    return this.#docker
      .getImage(tag)
      .inspect()
      .then(
        () => true,
        (error) => {
          if (error.statusCode === 404) return false;
          throw error;
        },
      );
  }

  /** Resolves to the reason why it could not be pulled. */
  async #pull(tag) {
    const abortSignal = AbortSignal.timeout(PULL_LIMIT_MS);
    try {
      await this.#progressOf(await this.#docker.pull(tag, { abortSignal }));
      return null;
    } catch (error) {
      return error.message;
    }
  }

  async #make(tag, { from, files, setup, config, ...system }) {
    const base = from === undefined ? await this.#import(system) : (await this.ensure(from), from);
    const container = await this.#docker.createContainer({
      ...config,
      Image: base,
      Entrypoint: [],
      Cmd: ['/bin/sh', '-ec', setup ?? 'true'],
      Volumes: {},
      Labels: { [LABEL]: '1' },
      HostConfig: { NetworkMode: 'none' },
    });
    try {
      if (files) await container.putArchive(files(), { path: '/' });
      await this.#run(container);
      const [repo, version] = tag.split(':');
      await container.commit({ repo, tag: version, changes: changesOf(config) });
    } finally {
      await container.remove({ force: true, v: true });
    }
  }

  async #import(system) {
    installMmdebstrap();
    const { tar, whole } = debian(system);
    const [lines] = await Promise.all([
      this.#docker.importImage(tar).then((s) => this.#progressOf(s)),
      whole,
    ]);
    return lines.at(-1).status;
  }

  async #run(container) {
    await container.start();
    const { StatusCode } = await container.wait();
    if (StatusCode === 0) return;
    const log = await container.logs({ stdout: true, stderr: true });
    throw new Error(`its setup exited with ${StatusCode}: ${log.toString()}`);
  }

  #progressOf(stream) {
    return new Promise((resolve, reject) => {
      this.#docker.modem.followProgress(stream, (error, lines) => (error ? reject(error) : resolve(lines)));
    });
  }
}

/** What the container lacked while its setup ran: its own program; and volumes, which would have kept what was set up. */
const changesOf = ({ Entrypoint, Cmd, Volumes = {} }) => [
  ...(Entrypoint === undefined ? [] : [`ENTRYPOINT ${JSON.stringify(Entrypoint)}`]),
  `CMD ${JSON.stringify(Cmd)}`,
  ...Object.keys(Volumes).map((path) => `VOLUME ${JSON.stringify([path])}`),
];
