import type { Writable } from 'node:stream';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { AddonBackups, AddonData, AddonInstance } from '../addon.js';
import type { Content } from './content.js';

const ASK_MS = 20_000;
/** That many questions in a row without an answer, each waited for as long as a login may take: two minutes and more. */
const UNANSWERED = 6;

/**
 * Gives up what a server was asked to do once it answers nobody any more: it would be waited for until tfkd ends. One that has
 * much to do, for hours, still answers who asks whether it is there.
 */
export class WatchedBackups implements AddonBackups {
  constructor(
    private readonly backups: AddonBackups,
    private readonly clock: Clock,
  ) {}

  prepare(addon: AddonInstance): Promise<AddonData> {
    return this.backups.prepare(addon);
  }

  answers(addon: AddonInstance): Promise<boolean> {
    return this.backups.answers(addon);
  }

  sizeOf(addon: AddonInstance): Promise<number> {
    return this.backups.sizeOf(addon);
  }

  capture(addon: AddonInstance, output: Writable, stop: AbortSignal): Promise<Content> {
    return this.whileItAnswers(addon, stop, (signal) => this.backups.capture(addon, output, signal));
  }

  prove(addon: AddonInstance, file: string, content: Content, stop: AbortSignal): Promise<readonly string[]> {
    return this.whileItAnswers(addon, stop, (signal) => this.backups.prove(addon, file, content, signal));
  }

  restore(
    addon: AddonInstance,
    file: string,
    accept: (found: Content) => void,
    stop: AbortSignal,
  ): Promise<void> {
    return this.whileItAnswers(addon, stop, (signal) => this.backups.restore(addon, file, accept, signal));
  }

  wasRestored(addon: AddonInstance, stop: AbortSignal): Promise<boolean> {
    return this.whileItAnswers(addon, stop, (signal) => this.backups.wasRestored(addon, signal));
  }

  cleanUp(addon: AddonInstance, stop: AbortSignal): Promise<void> {
    return this.whileItAnswers(addon, stop, (signal) => this.backups.cleanUp(addon, signal));
  }

  dropUnfinished(addon: AddonInstance, stop: AbortSignal): Promise<void> {
    return this.whileItAnswers(addon, stop, (signal) => this.backups.dropUnfinished(addon, signal));
  }

  private async whileItAnswers<T>(
    addon: AddonInstance,
    stop: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const silence = new AbortController();
    const over = new AbortController();
    void this.abortOnSilence(addon, silence, AbortSignal.any([stop, over.signal]));
    try {
      return await work(AbortSignal.any([stop, silence.signal]));
    } catch (error) {
      // In place of what each program says of being aborted.
      throw silence.signal.aborted ? silence.signal.reason : error;
    } finally {
      over.abort();
    }
  }

  /** Questions are counted, since a clock may be put forward while they are asked. */
  private async abortOnSilence(
    addon: AddonInstance,
    silence: AbortController,
    over: AbortSignal,
  ): Promise<void> {
    for (let unanswered = 0; unanswered < UNANSWERED;) {
      await this.clock.sleep(ASK_MS, over);
      if (over.aborted) return;
      unanswered = (await this.backups.answers(addon)) ? 0 : unanswered + 1;
    }
    silence.abort(new TfkError('unavailable', `The server of ${addon.name} answers nothing any more.`));
  }
}
