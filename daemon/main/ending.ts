import type { Collector } from '../logs/collector.js';
import type { AppSetups } from './app-setups.js';
import type { Wired } from './create-stages.js';
import type { Home } from './home.js';
import type { Api } from './listen.js';
import type { RouterStage } from './router-stage.js';

interface EndingParts {
  readonly home: Home;
  readonly collector: Collector;
  readonly router: RouterStage;
  readonly wired: Wired;
  /** Both are there only when tfkd is ready. */
  readonly appSetups: () => AppSetups;
  readonly api: () => Api;
}

/** The end of tfkd, in its order: who is in gets an answer, what it does ends, and what outlives it is left to the next one. */
export class Ending {
  private ending: Promise<void> | undefined;

  constructor(private readonly parts: EndingParts) {}

  /** A stop by a request and one by a signal are one. */
  readonly begin = (): void => {
    void (this.ending ??= this.end()).catch((error: unknown) => {
      this.parts.home.logger.fatal({ err: error }, 'stopping failed');
      process.exit(1);
    });
  };

  /** Ends what tfkd does by itself. */
  async quiesce(): Promise<void> {
    const { wired, router } = this.parts;
    const { stages, run, cron, hooks, garbage } = wired;
    await this.endWork();
    await cron.loop.stop();
    await run.stop();
    stages.backupSchedules.stop();
    stages.addons.stop();
    await stages.backups.stop();
    this.parts.appSetups().stop();
    garbage.stop();
    router.publisher.stop();
    await hooks.stop();
  }

  /** What requests may wait for. */
  private async endWork(): Promise<void> {
    const { slugUploads, builds } = this.parts.wired.stages;
    slugUploads.stop();
    await builds.stop();
  }

  private async end(): Promise<void> {
    const { home, collector, router, wired } = this.parts;
    await this.parts.api().close(() => this.endWork());
    await this.quiesce();
    wired.run.letGo();
    await collector.stop();
    await router.lines.stop();
    await wired.stages.drains.stop();
    await router.control.close();
    await home.close();
    process.exit(0);
  }
}
