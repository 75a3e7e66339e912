import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { entry, tar } from '../integration/build/tarball.js';

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** A registry on this machine, of one image with one file: as much of the protocol as a pull asks for. */
export class OneImageRegistry {
  private readonly blobs = new Map<string, Buffer>();
  private readonly manifest: Buffer;
  private port = 0;

  private constructor(
    private readonly server: Server,
    architecture: string,
  ) {
    const layer = tar(entry({ name: 'from-the-registry', content: 'here\n' }));
    const packed = gzipSync(layer);
    const config = Buffer.from(
      JSON.stringify({
        architecture,
        os: 'linux',
        config: { Cmd: ['/from-the-registry'] },
        rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
        history: [{ created: '2026-01-01T00:00:00Z', created_by: 'a test' }],
      }),
    );
    for (const blob of [packed, config]) this.blobs.set(digestOf(blob), blob);
    const described = (mediaType: string, blob: Buffer) => ({
      mediaType,
      size: blob.length,
      digest: digestOf(blob),
    });
    this.manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: described('application/vnd.docker.container.image.v1+json', config),
        layers: [described('application/vnd.docker.image.rootfs.diff.tar.gzip', packed)],
      }),
    );
    server.on('request', ({ url = '', method }, response) => {
      const found = url === '/v2/' ? { type: 'application/json', body: Buffer.from('{}') } : this.found(url);
      if (found === null) return void response.writeHead(404).end();
      response.writeHead(200, {
        'content-type': found.type,
        'content-length': found.body.length,
        'docker-content-digest': digestOf(found.body),
      });
      return void response.end(method === 'HEAD' ? undefined : found.body);
    });
  }

  private found(url: string): { readonly type: string; readonly body: Buffer } | null {
    if (url.startsWith('/v2/thing/manifests/')) return { type: MANIFEST, body: this.manifest };
    const body = this.blobs.get(url.replace('/v2/thing/blobs/', ''));
    return body ? { type: 'application/octet-stream', body } : null;
  }

  static async start(architecture: string): Promise<OneImageRegistry> {
    const server = createServer();
    const registry = new OneImageRegistry(server, architecture);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    registry.port = (server.address() as AddressInfo).port;
    return registry;
  }

  /** `127.0.0.1:1234/thing@sha256:…`, also when it has stopped. */
  get reference(): string {
    return `127.0.0.1:${this.port}/thing@${digestOf(this.manifest)}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
