/**
 * The proxy that the environment names, as curl reads it: `http_proxy` (in small letters only: a CGI program's HTTP_PROXY is its client's), `https_proxy`,
 * `all_proxy` and `no_proxy`, the last three also in capitals. http goes to the proxy as it is, https through a tunnel (CONNECT, RFC 9110 9.3.6).
 *
 * Written out because Node has it only from 24 on (`proxyEnv` of http.Agent), and undici's agent for 20 and 22 is larger than all of fetch.
 */
import { BlockList, isIP, type Socket } from "node:net";
import { OopscopeError } from "../base/index.ts";

export type Proxy = { readonly host: string; readonly port: number; /** The header's value, where the address has a user. */ readonly authorization: string | null; /** Without a password. */ readonly shown: string };

/** Throws `unsupported` for proxies of other kinds than http, `bad-argument` for what is no address. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv = process.env): Proxy | null {
  const named = url.protocol === "https:" ? (["https_proxy", "HTTPS_PROXY"] as const) : (["http_proxy"] as const);
  const from = [...named, "all_proxy", "ALL_PROXY"].find((name) => env[name]);
  if (from === undefined || isExcepted(url, env["no_proxy"] ?? env["NO_PROXY"] ?? "")) return null;
  const text = env[from]!;
  let proxy: URL;
  try {
    proxy = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch (cause) {
    throw new OopscopeError("bad-argument", `${from} is not an address like http://HOST:PORT`, { variable: from }, cause);
  }
  if (proxy.protocol !== "http:") throw new OopscopeError("unsupported", `${from} names a proxy of the kind ${proxy.protocol.slice(0, -1)}: only http://HOST:PORT is known`, { variable: from });
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return {
    host: bare(proxy.hostname), port: Number(proxy.port || 80), shown: `http://${proxy.host}`,
    authorization: proxy.username === "" ? null : `Basic ${Buffer.from(user, "utf8").toString("base64")}`,
  };
}

/** `no_proxy`: names with all below them, with or without a port, addresses, networks (`10.0.0.0/8`), `*`. */
function isExcepted(url: URL, list: string): boolean {
  const host = bare(url.hostname).toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "") return false;
    if (entry === "*") return true;
    const network = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(entry);
    if (network !== null) return isWithin(host, network[1]!, Number(network[2]));
    const [, name, wanted] = /^(.*?)(?::(\d{1,5}))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry)!;
    const plain = bare(name!).toLowerCase().replace(/^\*?\./, "");
    return (wanted === undefined || wanted === port) && (host === plain || (isIP(host) === 0 && host.endsWith(`.${plain}`)));
  });
}

function isWithin(host: string, network: string, bits: number): boolean {
  const kind = isIP(network);
  if (kind === 0 || isIP(host) !== kind || bits > (kind === 4 ? 32 : 128)) return false;
  const family = kind === 4 ? "ipv4" : "ipv6";
  const blocks = new BlockList();
  blocks.addSubnet(network, bits, family);
  return blocks.check(host, family);
}

/** An IPv6 address without its brackets. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

/** A connection to the server of an https address through the proxy. Throws `unreachable` where the proxy does not make one. */
export async function tunnelTo(url: URL, proxy: Proxy, { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal }): Promise<Socket> {
  const { request } = await import("node:http");
  const target = `${url.hostname}:${url.port || 443}`;
  const unreachable = (why: string, cause?: unknown) => new OopscopeError("unreachable", `https://${target}: the proxy ${proxy.shown} ${why}`, { url: `https://${target}`, proxy: proxy.shown }, cause);
  return new Promise((resolve, reject) => {
    const asked = request({ host: proxy.host, port: proxy.port, method: "CONNECT", path: target, agent: false, signal, headers: { host: target, ...authorizationOf(proxy) } });
    const timer = setTimeout(() => asked.destroy(unreachable(`does not answer within ${timeout} s`)), timeout * 1000);
    asked.on("connect", ({ statusCode }, socket: Socket) => {
      clearTimeout(timer);
      if (statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(unreachable(refusal(statusCode ?? 0)));
    });
    asked.on("response", (response) => {
      clearTimeout(timer);
      response.destroy();
      reject(unreachable(refusal(response.statusCode ?? 0)));
    });
    asked.on("error", (cause) => {
      clearTimeout(timer);
      if (signal?.aborted) reject(signal.reason as Error);
      else reject(cause instanceof OopscopeError ? cause : unreachable(`cannot be reached (${cause.message})`, cause));
    });
    asked.end();
  });
}

function refusal(status: number): string {
  return status === 407 ? "wants a user and a password (http://USER:PASSWORD@HOST:PORT)" : `refuses the connection (status ${status})`;
}

export function authorizationOf({ authorization }: Proxy): Record<string, string> {
  return authorization === null ? {} : { "proxy-authorization": authorization };
}
