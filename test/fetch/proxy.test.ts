import { createServer, request } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { download } from "../../src/fetch/download.ts";
import { proxyFor } from "../../src/fetch/proxy.ts";
import { startServer } from "../support/server.ts";

const chosen = (address: string, env: Record<string, string>) => proxyFor(new URL(address), env)?.shown ?? null;

test("the environment names the proxy", () => {
  const both = { http_proxy: "http://a:3128", HTTPS_PROXY: "b:8080" };
  expect(chosen("http://x.org/", both)).toBe("http://a:3128");
  expect(chosen("https://x.org/", both)).toBe("http://b:8080");
  expect(chosen("http://x.org/", { HTTP_PROXY: "http://a" })).toBeNull();
  expect(chosen("http://x.org/", { all_proxy: "http://a" })).toBe("http://a");
  expect(chosen("http://x.org/", { http_proxy: "" })).toBeNull();
  expect(proxyFor(new URL("http://x.org/"), { http_proxy: "http://me:p%40ss@a:1" })).toEqual({ host: "a", port: 1, shown: "http://a:1", authorization: `Basic ${Buffer.from("me:p@ss").toString("base64")}` });
  expect(() => chosen("http://x.org/", { http_proxy: "socks5://a" })).toThrow("http_proxy names a proxy of the kind socks5: only http://HOST:PORT is known");
  expect(() => chosen("http://x.org/", { http_proxy: "http://a:99999" })).toThrow("http_proxy is not an address like http://HOST:PORT");
});

test("and what goes without it", () => {
  const without = (address: string, no_proxy: string) => chosen(address, { http_proxy: "http://a", https_proxy: "http://a", no_proxy }) === null;
  expect(["x.org", ".x.org", "*.x.org", "*", "y, x.org", "X.ORG", "x.org:80", "10.0.0.0/8 x.org"].filter((list) => !without("http://deb.x.org/", list))).toEqual([]);
  expect(["", "ax.org", "org.x", "x.org:443", "deb.x.or"].filter((list) => without("http://deb.x.org/", list))).toEqual([]);
  expect([["http://10.1.2.3/", "10.0.0.0/8"], ["http://10.1.2.3/", "10.1.2.3"], ["http://[::1]/", "::1"], ["http://[fd00::1]/", "fd00::/8"], ["https://x.org/", "x.org:443"]].filter(([address, list]) => !without(address!, list!))).toEqual([]);
  expect([["http://11.1.2.3/", "10.0.0.0/8"], ["http://10.1.2.3/", "2.3"], ["http://[::2]/", "::1"], ["http://10.1.2.3/", "10.0.0.0/99"]].filter(([address, list]) => without(address!, list!))).toEqual([]);
});

// A proxy on loopback, and what it was asked.
const asked: string[] = [];
let refuse = 0;
const proxy = createServer((from, to) => {
  asked.push(`${from.method} ${from.url} ${from.headers["proxy-authorization"] ?? "-"}`);
  request(from.url!, { headers: { host: from.headers.host ?? "" } }, (answer) => {
    to.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(to);
  }).end();
});
proxy.on("connect", (from, socket) => {
  asked.push(`${from.method} ${from.url} ${from.headers["proxy-authorization"] ?? "-"}`);
  if (refuse > 0) {
    socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
    return;
  }
  const [host, port] = from.url!.split(":");
  const out = connect(Number(port), host, () => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    out.pipe(socket).pipe(out);
  });
  out.on("error", () => socket.destroy());
  socket.on("error", () => out.destroy());
});
await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
const at = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
afterAll(() => void proxy.close());
afterEach(() => {
  vi.unstubAllEnvs();
  asked.length = refuse = 0;
});

test("http goes to the proxy", async () => {
  const server = await startServer((_, response) => response.end("told"));
  vi.stubEnv("http_proxy", `http://me:secret@${at}`);
  vi.stubEnv("no_proxy", "");
  const answer = await download(`${server.url}/a/b?c=d`);
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  expect(Buffer.concat(parts).toString()).toBe("told");
  expect(asked).toEqual([`GET ${server.url}/a/b?c=d Basic ${Buffer.from("me:secret").toString("base64")}`]);
  expect(server.asked).toEqual(["GET /a/b?c=d"]);
  vi.stubEnv("no_proxy", "127.0.0.0/8");
  (await download(`${server.url}/e`)).close();
  expect(asked).toHaveLength(1);
  await server.close();
});

// The server speaks no TLS: that it is greeted so shows that the tunnel carries it, and that a bad answer is an error.
test("https goes through a tunnel", async () => {
  const server = await startServer((_, response) => response.end("told"));
  vi.stubEnv("https_proxy", `http://${at}`);
  vi.stubEnv("no_proxy", "");
  const { host } = new URL(server.url);
  await expect(download(`https://${host}/a`)).rejects.toThrow(OopscopeError);
  expect(asked).toEqual([`CONNECT ${host} -`]);
  refuse = 407;
  await expect(download(`https://${host}/a`)).rejects.toThrow(`https://${host}: the proxy http://${at} wants a user and a password (http://USER:PASSWORD@HOST:PORT)`);
  refuse = 403;
  await expect(download(`https://${host}/a`)).rejects.toThrow(`https://${host}: the proxy http://${at} refuses the connection (status 403)`);
  vi.stubEnv("https_proxy", "http://127.0.0.1:1");
  await expect(download(`https://${host}/a`)).rejects.toThrow(/^https:.*: the proxy http:\/\/127\.0\.0\.1:1 cannot be reached \(/);
  await server.close();
});
