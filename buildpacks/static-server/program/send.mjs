// @ts-check
/** Sends what was decided, as far as the client has not got it already. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { cacheControl } from './caching.mjs';
import { encodingsOf, pieceOf } from './conditions.mjs';
import { contentType } from './content-types.mjs';

/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {import('./answer.mjs').Answer} Answer */
/** @typedef {Extract<Answer, { kind: 'file' }>} FileAnswer */
/** @typedef {import('./answer.mjs').Site} Site */
/** @typedef {import('./site.mjs').SiteFile} SiteFile */
/** @typedef {import('./site.mjs').Facts} Facts */
/**
 * @typedef {object} Exchange
 * @property {import('node:http').IncomingMessage} request
 * @property {Response} response
 * @property {Site} site
 * @property {string} release
 */
/** @typedef {{ encoding: 'br' | 'gzip' | null, file: SiteFile }} Variant */

/** @type {(answer: Answer, exchange: Exchange) => Promise<void>} */
export async function send(answer, exchange) {
  if (answer.kind === 'file') return sendFile(answer, exchange);
  const { request, response } = exchange;
  const text = answer.kind === 'text' ? answer.text : `See ${answer.to}\n`;
  const extra = answer.kind === 'text' ? answer.headers : { Location: answer.to };
  response.writeHead(answer.status, {
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...extra,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** @type {(answer: FileAnswer, exchange: Exchange) => Promise<void>} */
async function sendFile(answer, { request, response, site, release }) {
  const variants = variantsOf(answer.file, answer.name, site.files);
  const variant = chosen(variants, request.headers['accept-encoding']) ?? {
    encoding: null,
    file: answer.file,
  };
  const facts = await variant.file.facts(release);
  const { status, piece } = pieceOf(request.headers, facts, answer.status);
  response.statusCode = status;
  describe(response, answer, { ...variant, facts, site });
  if (variants.length > 1) response.setHeader('Vary', 'Accept-Encoding');
  if (status === 206 && piece)
    response.setHeader('Content-Range', `bytes ${piece.start}-${piece.end}/${facts.size}`);
  if (status === 416) response.setHeader('Content-Range', `bytes */${facts.size}`);
  if (piece) response.setHeader('Content-Length', piece.end - piece.start + 1);
  else for (const name of ['Content-Type', 'Content-Encoding']) response.removeHeader(name);
  if (!piece || request.method === 'HEAD' || piece.end < piece.start) return void response.end();
  if (facts.bytes) return void response.end(facts.bytes.subarray(piece.start, piece.end + 1));
  await stream(variant.file.path, piece, response);
}

/** @type {(response: Response, answer: FileAnswer, what: Variant & { facts: Facts, site: Site }) => void} */
function describe(response, { name, path, status }, { encoding, facts, site }) {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Type', contentType(name));
  response.setHeader('Cache-Control', cacheControl(status === 404 ? '' : name, site.settings.hashedFolders));
  response.setHeader('ETag', facts.etag);
  response.setHeader('Accept-Ranges', 'bytes');
  if (facts.modified) response.setHeader('Last-Modified', facts.modified.toUTCString());
  if (encoding) response.setHeader('Content-Encoding', encoding);
  // The last definition wins, as on Heroku.
  for (const [asked, set] of site.headers)
    if (asked.test(path))
      for (const [header, value] of Object.entries(set)) response.setHeader(header, value);
}

/** @type {(path: string, piece: { start: number, end: number }, response: Response) => Promise<void>} */
async function stream(path, piece, response) {
  try {
    await pipeline(createReadStream(path, { ...piece, highWaterMark: 256 * 1024 }), response);
  } catch (error) {
    // Clients leave in the middle; that is no fault of the server.
    if (!response.destroyed) throw error;
  }
}

/** The file as it is, and before it its compressed siblings that the build has left. @type {(file: SiteFile, name: string, files: ReadonlyMap<string, SiteFile>) => Variant[]} */
function variantsOf(file, name, files) {
  const [br, gzip] = [files.get(`${name}.br`), files.get(`${name}.gz`)];
  return [
    ...(br ? [/** @type {const} */ ({ encoding: 'br', file: br })] : []),
    ...(gzip ? [/** @type {const} */ ({ encoding: 'gzip', file: gzip })] : []),
    { encoding: null, file },
  ];
}

/** @type {(variants: readonly Variant[], accepted: string | string[] | undefined) => Variant | undefined} */
function chosen(variants, accepted) {
  const wanted = variants.length > 1 ? encodingsOf(String(accepted ?? '')) : [];
  return variants.find(({ encoding }) => encoding === null || wanted.includes(encoding));
}
