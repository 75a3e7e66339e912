/** Labels on everything this engine makes. What lacks `tfk.home` with our own home's id is never touched. */
export const LABEL = {
  home: 'tfk.home',
  /** `dyno`, `build`, `slug`, `layer`, `cache`, `network`, `service` */
  kind: 'tfk.kind',
  /** The app's id. */
  app: 'tfk.app',
  /** `web.1` */
  dyno: 'tfk.dyno',
  release: 'tfk.release',
  instance: 'tfk.instance',
  /** `logged` or `attached` */
  stdio: 'tfk.stdio',
  /** The content key of a slug or layer image. */
  key: 'tfk.key',
  /** On slug images: ImageFacts.command, the line for which the image runs as it is. */
  command: 'tfk.command',
  build: 'tfk.build',
  /** The add-on's id. */
  service: 'tfk.service',
} as const;

export type Kind = 'dyno' | 'build' | 'slug' | 'layer' | 'cache' | 'network' | 'service';

/** What the things of one home are called. `home` is 12 hex digits. */
export class Names {
  constructor(readonly home: string) {}

  labels(kind: Kind, more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { [LABEL.home]: this.home, [LABEL.kind]: kind, ...more };
  }

  /** The value of the engine's `label` filter which finds all of one kind. */
  filter(kind: Kind): string[] {
    return [`${LABEL.home}=${this.home}`, `${LABEL.kind}=${kind}`];
  }

  /** `process` null: the slug's main image; else the image of that process type, where it has one of its own. */
  slugImage(key: string, process: string | null = null): string {
    return `tfk-${this.home}/slug:${key}${process === null ? '' : `-${process}`}`;
  }

  layerImage(key: string): string {
    return `tfk-${this.home}/layer:${key}`;
  }

  /** `tfk-myapp-web.1-<instance>`: for `docker ps`. */
  dyno(appName: string, dyno: string, instance: string): string {
    return `tfk-${appName}-${dyno}-${instance}`;
  }

  network(appId: string): string {
    return `tfk-${this.home}-${appId}`;
  }

  cacheVolume(appId: string, cache: string): string {
    return `tfk-${this.home}-cache-${appId}-${cache}`;
  }

  /** The container and the volume of an add-on. */
  service(addonId: string): string {
    return `tfk-${this.home}-service-${addonId}`;
  }
}
