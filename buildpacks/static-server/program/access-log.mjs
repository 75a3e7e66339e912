// @ts-check
/** One line of JSON a request, written together for all that end in one turn. Queries stay out: they may hold secrets. */
export class AccessLog {
  /** @type {string[]} */
  #lines = [];

  /** @param {NodeJS.WritableStream} output */
  constructor(output) {
    this.output = output;
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  follow(request, response) {
    const began = performance.now();
    response.once('close', () => {
      const { method, url = '', headers } = request;
      this.#write({
        time: new Date().toISOString(),
        method,
        path: url.split('?', 1)[0],
        status: response.statusCode,
        bytes: Number(response.getHeader('Content-Length') ?? 0),
        ms: Math.round((performance.now() - began) * 10) / 10,
        request_id: headers['x-request-id'],
        aborted: response.writableFinished ? undefined : true,
      });
    });
  }

  /** @param {object} line */
  #write(line) {
    if (this.#lines.push(JSON.stringify(line)) > 1) return;
    setImmediate(() => {
      this.output.write(`${this.#lines.join('\n')}\n`);
      this.#lines = [];
    });
  }
}
