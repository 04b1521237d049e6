import { createReadStream, statSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { OopscopeError, messageOf } from "../base/index.ts";
import { authorizationOf, proxyFor, tunnelTo } from "./proxy.ts";
import type { Bytes } from "./stream.ts";

export type DownloadOptions = {
  /** Give up if less than 100 kB arrive in so many seconds; 90 if absent. What debuginfod's DEBUGINFOD_TIMEOUT means. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: "GET" | "HEAD";
};

/** What a server answers. The body is to be read to its end, or left with `close`. */
export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes that the server announces; null if it does not. */
  readonly size: number | null;
  /** Throws `unreachable` where the server stalls or breaks off. */
  readonly body: Bytes;
  /** Where it came from in the end, without a password. */
  readonly url: string;
  close(): void;
};

const mostRedirects = 5;
const enough = 100_000;
export const defaultTimeout = 90;

/** An address as it may be shown: without user and password. */
export function shownUrl(url: URL | string): string {
  try {
    const shown = new URL(url);
    shown.username = "";
    shown.password = "";
    return shown.href;
  } catch {
    return String(url);
  }
}

/**
 * Asks for http://, https:// and file:// addresses, and follows redirects, but not from https to http. Throws `unreachable` where no answer comes; an answer with
 * any status is a result.
 */
export async function download(address: string, options: DownloadOptions = {}): Promise<Answer> {
  const seen = new Set<string>();
  let url = parsed(address, null);
  for (;;) {
    options.signal?.throwIfAborted();
    if (url.protocol === "file:") return localFile(url);
    if (seen.size > mostRedirects || seen.has(url.href)) throw unreachable(url, seen.has(url.href) ? "it redirects in a circle" : `more than ${mostRedirects} redirects`);
    seen.add(url.href);
    const response = await request(url, options);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status < 300 || status >= 400 || status === 304 || location === undefined) return answerOf(url, response, options);
    response.destroy();
    const next = parsed(location, url);
    if (url.protocol === "https:" && next.protocol !== "https:") throw unreachable(url, `it redirects to ${shownUrl(next)}, which is not encrypted`);
    if (next.protocol === "file:") throw unreachable(url, "it redirects to a local file");
    url = next;
  }
}

function parsed(address: string, base: URL | null): URL {
  let url: URL;
  try {
    url = base ? new URL(address, base) : new URL(address);
  } catch (cause) {
    throw new OopscopeError("bad-argument", `${JSON.stringify(address)} is not an address like https://HOST/PATH`, {}, cause);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:" && url.protocol !== "file:") throw new OopscopeError("unsupported", `${shownUrl(url)}: addresses of the kind ${url.protocol} are not read`, {});
  return url;
}

const unreachable = (url: URL | string, why: string, cause?: unknown): OopscopeError => new OopscopeError("unreachable", `${shownUrl(url)}: ${why}`, { url: shownUrl(url) }, cause);

/** What a person understands of a failure of the network. */
function whyOf(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  switch (code) {
    case "ECONNREFUSED":
      return "nothing answers there (connection refused)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "there is no such host, or no network";
    case "ECONNRESET":
    case "EPIPE":
      return "the server broke off";
    case undefined:
    default:
      return messageOf(cause);
  }
}

/** How a request leaves: straight, to the proxy, or through it. */
async function wayTo(url: URL, timeout: number, signal: AbortSignal | undefined): Promise<RequestOptions> {
  const proxy = proxyFor(url);
  if (proxy === null) return { agent: false };
  if (url.protocol === "http:") return { agent: false, host: proxy.host, hostname: proxy.host, port: proxy.port, path: `http://${url.host}${url.pathname}${url.search}`, headers: { host: url.host, ...authorizationOf(proxy) } };
  const socket = await tunnelTo(url, proxy, { timeout, ...(signal ? { signal } : {}) });
  const { connect } = await import("node:tls");
  return { createConnection: () => connect({ socket, ...(isIP(url.hostname.replace(/^\[|\]$/g, "")) === 0 ? { servername: url.hostname } : { host: url.hostname }) }) };
}

async function request(url: URL, { timeout = defaultTimeout, signal, headers = {}, method = "GET" }: DownloadOptions): Promise<IncomingMessage> {
  const { request: send } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const way = await wayTo(url, timeout, signal);
  return new Promise((resolve, reject) => {
    const sent = send(url, { ...way, method, signal, headers: { ...(way.headers as Record<string, string> | undefined), "user-agent": "oopscope", accept: "*/*", "accept-encoding": "identity", ...headers } });
    const timer = setTimeout(() => sent.destroy(unreachable(url, `no answer within ${timeout} s`)), timeout * 1000);
    sent.on("response", (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    sent.on("error", (cause) => {
      clearTimeout(timer);
      if (signal?.aborted) reject(signal.reason as Error);
      else reject(cause instanceof OopscopeError ? cause : unreachable(url, whyOf(cause), cause));
    });
    sent.end();
  });
}

function answerOf(url: URL, response: IncomingMessage, options: DownloadOptions): Answer {
  const announced = response.headers["content-length"];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    size: announced !== undefined && /^\d{1,15}$/.test(announced) ? Number(announced) : null,
    body: watched(url, response, options),
    url: shownUrl(url),
    close: () => void response.destroy(),
  };
}

/** Only the time that is spent waiting counts: who reads slowly does not make a server stall. */
async function* watched(url: URL, response: IncomingMessage, { timeout = defaultTimeout, signal }: DownloadOptions): AsyncGenerator<Uint8Array> {
  const iterator = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let waited = 0;
  let arrived = 0;
  try {
    for (;;) {
      const begin = performance.now();
      const timer = setTimeout(() => response.destroy(unreachable(url, `it stalls: ${arrived} bytes in ${timeout} s`)), Math.max(1, timeout * 1000 - waited));
      let next: IteratorResult<Buffer>;
      try {
        next = await iterator.next();
      } catch (cause) {
        signal?.throwIfAborted();
        throw cause instanceof OopscopeError ? cause : unreachable(url, whyOf(cause), cause);
      } finally {
        clearTimeout(timer);
      }
      if (next.done) return;
      waited += performance.now() - begin;
      arrived += next.value.length;
      if (arrived >= enough) waited = arrived = 0;
      yield next.value;
    }
  } finally {
    response.destroy();
  }
}

function localFile(url: URL): Answer {
  const path = fileURLToPath(url);
  const status = statSync(path, { throwIfNoEntry: false });
  const found = status?.isFile() === true;
  return { status: found ? 200 : 404, headers: {}, size: found ? status.size : null, body: found ? createReadStream(path) : emptyBody(), url: url.href, close() {} };
}

 
async function* emptyBody(): AsyncGenerator<Uint8Array> {
  // nothing
}
